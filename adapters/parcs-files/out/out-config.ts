// Owns what is set for files that go to the parking system: the template, its columns, acknowledgments.
// Must not make a line.

export const outFields = [
  'action',
  'actionId',
  'askedAt',
  'credentialId',
  'kind',
  'value',
  'key',
  'plate',
  'plateCountry',
  'accountNumber',
  'holder',
  'parkerKind',
  'groups',
  'validFrom',
  'validUntil',
  'maxInside',
  'stayRef',
  'amount',
  'currency',
  'percent',
  'minutes',
  'providerNo',
  'reason',
] as const
export type OutField = (typeof outFields)[number]

export interface OutColumn {
  header: string
  field?: OutField
  constant?: string
  /** Our words and the vendor's. */
  words?: Readonly<Record<string, string>>
  /** For times: `yyyy MM dd HH mm ss`. */
  time?: string
}

export const outActions = ['credential.put', 'credential.remove', 'stay.validate', 'stay.prepay'] as const
export type OutAction = (typeof outActions)[number]

export interface OutConfig {
  template: 'none' | 'amano-iparc' | 'csv'
  folder: string
  prefix: string
  actions: readonly OutAction[]
  lotId: string
  usesPerTransaction: number
  columns: readonly OutColumn[]
  delimiter: string
  header: boolean
  encoding: 'utf-8' | 'utf-8-bom' | 'latin1' | 'utf-16le'
  acknowledged: boolean
  doneSuffix: string
  errorSuffix: string
}

export const outDefaults: OutConfig = {
  template: 'none',
  folder: 'out',
  prefix: 'baywatt-',
  actions: ['credential.put', 'credential.remove'],
  lotId: '',
  usesPerTransaction: 1,
  columns: [],
  delimiter: ',',
  header: true,
  encoding: 'utf-8',
  acknowledged: false,
  doneSuffix: '.ack',
  errorSuffix: '.err',
}

const suffix = { type: 'string', pattern: '^\\.[A-Za-z0-9_.-]{1,20}$' } as const

export const outSchema = {
  type: 'object',
  title: 'Files for the parking system',
  additionalProperties: false,
  properties: {
    template: { type: 'string', title: 'Template', enum: ['none', 'amano-iparc', 'csv'], default: 'none' },
    folder: {
      type: 'string',
      title: 'Folder below the source',
      pattern: '^[A-Za-z0-9_-]{0,50}$',
      default: outDefaults.folder,
    },
    prefix: {
      type: 'string',
      title: 'Names begin with',
      pattern: '^[A-Za-z0-9_-]{0,30}$',
      default: outDefaults.prefix,
    },
    actions: {
      type: 'array',
      title: 'What is written',
      uniqueItems: true,
      items: { type: 'string', enum: outActions },
      default: outDefaults.actions,
    },
    lotId: { type: 'string', title: 'Lot (iParc)', pattern: '^[A-Za-z0-9]{0,20}$', default: '' },
    usesPerTransaction: {
      type: 'integer',
      title: 'Uses in one transaction (iParc)',
      minimum: 1,
      maximum: 99,
      default: 1,
    },
    columns: {
      type: 'array',
      title: 'Columns',
      maxItems: 50,
      default: [],
      items: {
        type: 'object',
        additionalProperties: false,
        required: ['header'],
        properties: {
          header: { type: 'string', minLength: 1, maxLength: 100 },
          field: { type: 'string', enum: outFields },
          constant: { type: 'string', maxLength: 100 },
          words: { type: 'object', maxProperties: 100, additionalProperties: { type: 'string', maxLength: 100 } },
          time: { type: 'string', minLength: 4, maxLength: 40 },
        },
      },
    },
    delimiter: { type: 'string', title: 'Delimiter', enum: [',', ';', '\t', '|'], default: outDefaults.delimiter },
    header: { type: 'boolean', title: 'The first line names the columns', default: true },
    encoding: {
      type: 'string',
      title: 'Encoding',
      enum: ['utf-8', 'utf-8-bom', 'latin1', 'utf-16le'],
      default: 'utf-8',
    },
    acknowledged: {
      type: 'boolean',
      title: 'The vendor acknowledges',
      description:
        'A file counts as carried out only when the vendor has put one of its name with the ending below beside it.',
      default: false,
    },
    doneSuffix: { ...suffix, title: 'Ending of a yes', default: outDefaults.doneSuffix },
    errorSuffix: { ...suffix, title: 'Ending of a no', default: outDefaults.errorSuffix },
  },
} as const
