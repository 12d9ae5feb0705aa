// Owns what a wrong option of a format is called: a JSON pointer and a sentence.
// Must not look at values.
import type { ErrorObject } from 'ajv'
import type { ExportProblem } from '../../domain/closed-period.ts'
import { pointerTo } from '../../domain/json-pointer.ts'

export function errorsOf(errors: readonly ErrorObject[] | null | undefined): ExportProblem[] {
  return (errors ?? []).map(({ instancePath, params, message = 'is not valid' }) => {
    const field: unknown = params.missingProperty ?? params.additionalProperty
    const pointer = typeof field === 'string' ? `${instancePath}${pointerTo(field)}` : instancePath
    return { pointer, message: `This option ${message}.` }
  })
}
