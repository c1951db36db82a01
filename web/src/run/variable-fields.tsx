import { type ReactNode, useId } from 'react'
import type { Variable } from '../../../src/api/query-runs.ts'
import { type DataType, dataTypes, fitsType } from './variables.ts'
import './run.css'

const examples: Readonly<Record<DataType, string>> = {
  text: 'text, % matches any',
  integer: '42',
  double: '0.5',
  boolean: 'true',
  dateTime: '2026-01-31 08:00:00',
}

/** A field a variable, in the order of the text. */
export function VariableFields(props: {
  readonly variables: readonly Variable[]
  readonly onChange: (variable: Variable) => void
}): ReactNode {
  if (props.variables.length === 0) return null
  return (
    <fieldset className="variables">
      <legend className="visually-hidden">Variables</legend>
      {props.variables.map(variable => (
        <VariableField key={variable.name} variable={variable} onChange={props.onChange} />
      ))}
    </fieldset>
  )
}

function VariableField(props: {
  readonly variable: Variable
  readonly onChange: (variable: Variable) => void
}): ReactNode {
  const { variable, onChange } = props
  const id = useId()
  const value = variable.value ?? ''
  const isWrong = value !== '' && !fitsType(value, variable.dataType)
  return (
    <div className="variable">
      <label htmlFor={id}>{variable.name}</label>
      <input
        id={id}
        className="field mono"
        value={value}
        placeholder={examples[variable.dataType]}
        aria-invalid={isWrong}
        title={isWrong ? `not of type ${variable.dataType}` : undefined}
        spellCheck={false}
        autoComplete="off"
        onChange={event => onChange({ ...variable, value: event.target.value })}
      />
      <select
        className="variable-type"
        aria-label={`Type of ${variable.name}`}
        value={variable.dataType}
        onChange={event => onChange({ ...variable, dataType: event.target.value as DataType })}
      >
        {dataTypes.map(type => (
          <option key={type}>{type}</option>
        ))}
      </select>
    </div>
  )
}
