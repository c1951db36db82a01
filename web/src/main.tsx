import { StrictMode } from 'react'
import { createRoot } from 'react-dom/client'
import { App } from './app.tsx'
import { applyScheme, schemeStore } from './theme/color-scheme.ts'
import './theme/tokens.css'
import './theme/base.css'
import './theme/controls.css'

applyScheme(schemeStore.get())
const root = document.getElementById('root')
if (root === null) throw new Error('the page has no #root')
createRoot(root).render(
  <StrictMode>
    <App />
  </StrictMode>,
)
