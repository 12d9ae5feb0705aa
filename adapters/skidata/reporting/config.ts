// Owns what an operator sets for one reporting database, with its defaults.
// Must not hold the password; the hub keeps that sealed.

export interface ReportingConfig {
  address: string
  database: string
  schema: string
  user: string
  encrypt: boolean
  trustServerCertificate: boolean
  /** Facilities of this site; empty for all. */
  facilityNos: readonly number[]
  entryTypes: readonly number[]
  exitTypes: readonly number[]
  backfillHours: number
  lateHours: number
}

export const defaults: Omit<ReportingConfig, 'address' | 'user'> = {
  database: 'PARK_DB',
  schema: 'dbo',
  encrypt: true,
  trustServerCertificate: false,
  facilityNos: [],
  entryTypes: [0],
  exitTypes: [4],
  backfillHours: 24,
  lateHours: 48,
}

const name = { type: 'string', pattern: '^[A-Za-z_][A-Za-z0-9_]*$', maxLength: 128 } as const
const movementTypes = {
  type: 'array',
  uniqueItems: true,
  minItems: 1,
  maxItems: 20,
  items: { type: 'integer', minimum: 0, maximum: 999 },
} as const

export const configSchema = {
  type: 'object',
  additionalProperties: false,
  required: ['address', 'user'],
  properties: {
    address: {
      type: 'string',
      pattern: '^tcp://[A-Za-z0-9.-]+(:[0-9]{1,5})?$',
      title: 'Address of the SQL Server',
      description: 'As tcp://server:1433. Give the hub a login that may read the views and nothing else.',
    },
    database: { ...name, title: 'Database', default: defaults.database },
    schema: { ...name, title: 'Schema of the views', default: defaults.schema },
    user: {
      type: 'string',
      minLength: 1,
      maxLength: 128,
      title: 'User',
      description: 'Its password is the secret password.',
    },
    encrypt: { type: 'boolean', title: 'Encrypted', default: defaults.encrypt },
    trustServerCertificate: {
      type: 'boolean',
      title: 'Take any certificate of the server',
      description: 'For servers with a certificate of their own making, inside a network that is trusted.',
      default: defaults.trustServerCertificate,
    },
    facilityNos: {
      type: 'array',
      title: 'Facilities of this site',
      description: 'Left empty: all. Device numbers are used again in other facilities.',
      uniqueItems: true,
      items: { type: 'integer', minimum: 0 },
      default: defaults.facilityNos,
    },
    entryTypes: {
      ...movementTypes,
      title: 'MovementType of entries',
      description: 'Observed, not documented: look at a few rows of a known car.',
      default: defaults.entryTypes,
    },
    exitTypes: { ...movementTypes, title: 'MovementType of exits', default: defaults.exitTypes },
    backfillHours: {
      type: 'integer',
      minimum: 0,
      maximum: 8_784,
      title: 'Hours to look back at first',
      default: defaults.backfillHours,
    },
    lateHours: {
      type: 'integer',
      minimum: 2,
      maximum: 720,
      title: 'Hours in which rows may still come late',
      description: 'A device that was cut off delivers later: once an hour this much is read again.',
      default: defaults.lateHours,
    },
  },
} as const
