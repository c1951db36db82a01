import { type FormEvent, type ReactNode, useId, useState } from 'react'
import { Icon } from '../parts/icon.tsx'
import { signIn } from '../session/session.ts'
import { SchemeSwitch } from '../theme/scheme-switch.tsx'
import './sign-in.css'

export function SignIn({ reason }: { readonly reason: string | undefined }): ReactNode {
  const [problem, setProblem] = useState(reason)
  const [isBusy, setIsBusy] = useState(false)
  const ids = { clientId: useId(), secret: useId(), problem: useId() }

  async function submit(event: FormEvent<HTMLFormElement>): Promise<void> {
    event.preventDefault()
    const form = new FormData(event.currentTarget)
    const [clientId, secret] = [String(form.get('client-id')).trim(), String(form.get('client-secret')).trim()]
    if (clientId === '' || secret === '') return setProblem('Both the client id and the secret are needed.')
    setIsBusy(true)
    setProblem(undefined)
    try {
      await signIn(clientId, secret)
    } catch (error) {
      setProblem(signInProblem(error))
      setIsBusy(false)
    }
  }

  return (
    <main className="sign-in">
      <div className="sign-in-card">
        <h1>
          <img src="/icon.svg" alt="" width="28" height="28" /> edr-lake
        </h1>
        <p className="muted">Sign in with a service principal to query this lake.</p>
        <form onSubmit={submit} aria-describedby={problem === undefined ? undefined : ids.problem} noValidate>
          <label className="label" htmlFor={ids.clientId}>
            Client id
          </label>
          <input id={ids.clientId} name="client-id" className="field mono" autoComplete="username" spellCheck={false} />
          <label className="label" htmlFor={ids.secret}>
            Client secret
          </label>
          <input
            id={ids.secret}
            name="client-secret"
            type="password"
            className="field mono"
            autoComplete="current-password"
          />
          <p id={ids.problem} className="sign-in-problem" role="alert">
            {problem === undefined ? null : (
              <>
                <Icon name="warning" /> <span>{problem}</span>
              </>
            )}
          </p>
          <button type="submit" className="button primary" disabled={isBusy}>
            {isBusy ? 'Signing in…' : 'Sign in'}
          </button>
        </form>
        <p className="sign-in-hint">
          The first start of the lake wrote its credentials to <code>first-run.json</code> in the data directory.
        </p>
      </div>
      <footer className="sign-in-foot">
        <a href="/docs">API reference</a>
        <SchemeSwitch />
      </footer>
    </main>
  )
}

/** The token service's words are for programs; a person is told which of the two fields to look at. */
function signInProblem(error: unknown): string {
  const message = error instanceof Error ? error.message : String(error)
  return message === 'Unauthorized' ? 'The lake does not know this client id and secret.' : message
}
