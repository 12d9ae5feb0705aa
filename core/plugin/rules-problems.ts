// Owns saying in words what a JSON Schema found wrong with a tariff's rules, and where.
// Must not repair anything.
import type { ErrorObject } from 'ajv'
import { pointerTo } from '../domain/json-pointer.ts'

export interface RulesProblem {
  /** JSON pointer into the rules. */
  pointer: string
  message: string
}

/** Each problem once; the branches of a choice speak for it. */
export function rulesProblems(errors: readonly ErrorObject[] | null | undefined): RulesProblem[] {
  const found = new Map<string, RulesProblem>()
  for (const error of errors ?? []) {
    if (error.keyword === 'oneOf' || error.keyword === 'anyOf') continue
    const problem = problemOf(error)
    found.set(`${problem.pointer} ${problem.message}`, problem)
  }
  return [...found.values()]
}

function problemOf({ instancePath, keyword, params, message = 'is not valid' }: ErrorObject): RulesProblem {
  const at = (name: string) => `${instancePath}${pointerTo(name)}`
  switch (keyword) {
    case 'required':
      return { pointer: at(params.missingProperty), message: 'This is needed.' }
    case 'additionalProperties':
      return { pointer: at(params.additionalProperty), message: 'This is not known here, so it cannot be priced.' }
    case 'enum':
      return { pointer: instancePath, message: `It is one of ${params.allowedValues.join(', ')}.` }
    case 'pattern':
      return { pointer: instancePath, message: `It does not look right (expected ${params.pattern}).` }
    default:
      return { pointer: instancePath, message: `It ${message}.` }
  }
}
