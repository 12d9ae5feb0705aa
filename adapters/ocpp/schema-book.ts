// Owns the official JSON schemas of each protocol, compiled once per action at its first use.
// Must not repair or judge; it says what the schema says.
import { Ajv, type ValidateFunction } from 'ajv'
import * as schemas16 from 'typed-ocpp/dist/ocpp16/schemas.js'
import * as schemas201 from 'typed-ocpp/dist/ocpp20/schemas.js'
import * as schemas21 from 'typed-ocpp/dist/ocpp21/schemas.js'

// The schema modules are imported by path: the package's index compiles all 387 schemas at import (measured: 1.7 s and 94 MB).

/** `Send` is a message that is never answered (2.1). */
type Direction = 'Request' | 'Response' | 'Send'
export type Version = 'ocpp1.6' | 'ocpp2.0.1' | 'ocpp2.1'

export interface SchemaBook {
  /** Stops at the first fault; for frames that are expected to be right. Null for an unknown action. */
  check(action: string, direction: Direction): ValidateFunction | null
  /** Collects every fault; for frames that failed the check. */
  faults(action: string, direction: Direction): ValidateFunction | null
}

// Times are read by device-time.ts, which is both more tolerant and cheaper than a format check here.
const common = { strict: false, validateFormats: false, multipleOfPrecision: 3 } as const

function book(schemas: Readonly<Record<string, unknown>>): SchemaBook {
  const quick = new Ajv({ ...common, messages: false })
  const thorough = new Ajv({ ...common, allErrors: true })
  const cache = (ajv: Ajv) => {
    const compiled = new Map<string, ValidateFunction | null>()
    return (action: string, direction: Direction) => {
      const name = direction === 'Send' ? action : action + direction
      let validate = compiled.get(name)
      if (validate === undefined) {
        const schema = Object.hasOwn(schemas, name) ? schemas[name] : undefined
        if (schema === undefined) return null
        validate = ajv.compile(schema as object)
        compiled.set(name, validate)
      }
      return validate
    }
  }
  return { check: cache(quick), faults: cache(thorough) }
}

export const schemaBooks: Readonly<Record<Version, SchemaBook>> = {
  'ocpp1.6': book(schemas16),
  'ocpp2.0.1': book(schemas201),
  'ocpp2.1': book(schemas21),
}

const actionsOf = (schemas: object) =>
  new Set(
    Object.keys(schemas)
      .filter((name) => !name.endsWith('Response'))
      .map((name) => name.replace(/Request$/, '')),
  )

/** Every action of a version, whichever side sends it. */
export const actions: Readonly<Record<Version, ReadonlySet<string>>> = {
  'ocpp1.6': actionsOf(schemas16),
  'ocpp2.0.1': actionsOf(schemas201),
  'ocpp2.1': actionsOf(schemas21),
}
