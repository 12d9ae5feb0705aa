// Owns checking a connection's configuration against its plugin's JSON Schema, and pointing at the field at fault.
// Must not call the plugin.
import { Ajv2020, type ErrorObject } from 'ajv/dist/2020.js'
import * as formats from 'ajv-formats'
import { pointerTo } from '../domain/json-pointer.ts'

export interface ConfigProblem {
  /** JSON pointer into the configuration. */
  pointer: string
  message: string
}

export type ConfigCheck = { kind: 'valid'; config: unknown } | { kind: 'invalid'; problems: ConfigProblem[] }

/** The configuration with the schema's defaults filled in, or every problem. The input is left as it is. */
export type ValidateConfig = (config: unknown) => ConfigCheck

/** @throws Error when the schema itself is no JSON Schema */
export function compileConfigSchema(schema: object): ValidateConfig {
  // One instance per plugin: two vendors may use the same `$id`. Unknown keywords are hints for forms, not errors.
  const ajv = new Ajv2020({ allErrors: true, useDefaults: true, strict: false })
  formats.default.default(ajv)
  const validate = ajv.compile(schema)
  return (config) => {
    const copy = structuredClone(config)
    if (validate(copy)) return { kind: 'valid', config: copy }
    return { kind: 'invalid', problems: (validate.errors ?? []).map(problem) }
  }
}

function problem({ instancePath, keyword, params, message = 'is not valid' }: ErrorObject): ConfigProblem {
  const at = (name: string) => `${instancePath}${pointerTo(name)}`
  switch (keyword) {
    case 'required':
      return { pointer: at(params.missingProperty), message: 'is required' }
    case 'additionalProperties':
      return { pointer: at(params.additionalProperty), message: 'is not a setting of this plugin' }
    case 'enum':
      return { pointer: instancePath, message: `must be one of ${JSON.stringify(params.allowedValues)}` }
    default:
      return { pointer: instancePath, message }
  }
}
