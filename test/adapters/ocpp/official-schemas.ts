// Owns the judge of every frame the hub sends in tests: the official schemas, formats included, compiled apart from the adapter.
// Must not share code with the adapter; a mistake there must not hide here.
import { Ajv, type ValidateFunction } from 'ajv'
import * as formats from 'ajv-formats'
import * as schemas16 from 'typed-ocpp/dist/ocpp16/schemas.js'
import * as schemas201 from 'typed-ocpp/dist/ocpp20/schemas.js'
import * as schemas21 from 'typed-ocpp/dist/ocpp21/schemas.js'
import type { OcppVersion } from '../../setup/ocpp-versions.ts'

export type Version = OcppVersion

export const officialSchemas: Readonly<Record<Version, Readonly<Record<string, unknown>>>> = {
  'ocpp1.6': schemas16,
  'ocpp2.0.1': schemas201,
  'ocpp2.1': schemas21,
}

/** Every action of a version, whichever side sends it. */
export function actionsOf(version: Version): string[] {
  const names = Object.keys(officialSchemas[version]).filter((name) => !name.endsWith('Response'))
  return names.map((name) => name.replace(/Request$/, ''))
}

const ajv = new Ajv({ strict: false, allErrors: true, multipleOfPrecision: 3 })
const add = formats.default as unknown as { default?: (ajv: Ajv) => void } & ((ajv: Ajv) => void)
;(add.default ?? add)(ajv)

const compiled = new Map<string, ValidateFunction>()

function schema(version: Version, name: string): ValidateFunction {
  const key = `${version} ${name}`
  let validate = compiled.get(key)
  if (validate === undefined) {
    const all = officialSchemas[version]
    // What has no schema, the version does not have: nothing fits it.
    validate = ajv.compile(Object.hasOwn(all, name) ? (all[name] as object) : { not: {} })
    compiled.set(key, validate)
  }
  return validate
}

const codes2x: ReadonlySet<string> = new Set([
  'FormatViolation',
  'GenericError',
  'InternalError',
  'MessageTypeNotSupported',
  'NotImplemented',
  'NotSupported',
  'OccurrenceConstraintViolation',
  'PropertyConstraintViolation',
  'ProtocolError',
  'RpcFrameworkError',
  'SecurityError',
  'TypeConstraintViolation',
])

const errorCodes: Record<Version, ReadonlySet<string>> = {
  'ocpp1.6': new Set([
    'NotImplemented',
    'NotSupported',
    'InternalError',
    'ProtocolError',
    'SecurityError',
    'FormationViolation',
    'PropertyConstraintViolation',
    'OccurenceConstraintViolation',
    'TypeConstraintViolation',
    'GenericError',
  ]),
  'ocpp2.0.1': codes2x,
  'ocpp2.1': codes2x,
}

/** What is wrong with a frame that the hub sent; empty when nothing is. `asked` names the action of an answered call. */
export function faultsOf(version: Version, frame: unknown, asked: (id: unknown) => string | undefined): string[] {
  if (!Array.isArray(frame)) return ['not a list']
  const [type, id, third, fourth] = frame as unknown[]
  const check = (name: string, payload: unknown) => {
    const validate = schema(version, name)
    return validate(payload)
      ? []
      : (validate.errors ?? []).map((each) => `${name} ${each.instancePath} ${each.message}`)
  }
  switch (type) {
    case 2:
      if (frame.length !== 4 || typeof id !== 'string' || id.length > 36) return ['malformed call']
      return check(`${String(third)}Request`, fourth)
    case 3: {
      const action = asked(id)
      if (frame.length !== 3) return ['malformed result']
      return action === undefined ? ['answer to nothing'] : check(`${action}Response`, third)
    }
    // A CALLRESULTERROR has the form of a CALLERROR (2.1 part 4, 4.2.4).
    case 4:
    case 5: {
      if (type === 5 && version !== 'ocpp2.1') return ['message type 5']
      const [, , code, description, details] = frame as unknown[]
      const wellFormed = typeof description === 'string' && description.length <= 255 && typeof details === 'object'
      return wellFormed && errorCodes[version].has(String(code)) ? [] : [`malformed error ${JSON.stringify(frame)}`]
    }
    case 6:
      // 2.1 alone has messages that nobody answers; their schemas are named without "Request".
      if (version !== 'ocpp2.1' || frame.length !== 4 || typeof id !== 'string') return ['malformed send']
      return check(String(third), fourth)
    default:
      return [`message type ${String(type)}`]
  }
}

/** What is wrong with a text that the hub sent, as a simulated charger heard it. An answer that comes too late to be known is not judged. */
export function faultsOfText(version: Version, text: string, answered: string | undefined): string[] {
  const frame: unknown = JSON.parse(text)
  const late = Array.isArray(frame) && frame[0] === 3 && answered === undefined
  return late ? [] : faultsOf(version, frame, () => answered).map((fault) => `${fault} in ${text.slice(0, 300)}`)
}

export function isValidRequest(version: Version, action: string, payload: unknown): boolean {
  return schema(version, `${action}Request`)(payload) === true
}
