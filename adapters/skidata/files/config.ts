// Owns the configuration of the file exchange: its form, and what holds where nothing is said.
// Must not read a file.

export interface FilesConfig {
  facilityNo: number
  articleNo: number
  articleOfGroup: Readonly<Record<string, number>>
  accountPrefix: string
  cardNumber: 'serialNo' | 'ticketNumber'
  serialEncoding: '' | 'hex' | 'dec'
  plateField: '' | 'identificationNumber' | 'remarks' | 'remarks2' | 'remarks3'
  /** 0: no people go out. */
  userNumbersFrom: number
  encoding: 'windows-1252' | 'utf-8'
}

export type GivenConfig = Partial<FilesConfig> & Pick<FilesConfig, 'facilityNo'>

const defaults: Omit<FilesConfig, 'facilityNo'> = {
  articleNo: 2,
  articleOfGroup: {},
  accountPrefix: 'SKI-',
  cardNumber: 'serialNo',
  serialEncoding: '',
  plateField: '',
  userNumbersFrom: 0,
  encoding: 'windows-1252',
}

export const complete = (given: GivenConfig): FilesConfig => ({ ...defaults, ...given })

const article = { type: 'integer', minimum: 0, maximum: 999 } as const

export const configSchema = {
  type: 'object',
  additionalProperties: false,
  required: ['facilityNo'],
  properties: {
    facilityNo: { type: 'integer', minimum: 0, maximum: 9_999_999, title: 'Facility number' },
    articleNo: {
      ...article,
      title: 'Article of the hub’s cards',
      description: 'Above 1: contract parking.',
      default: defaults.articleNo,
    },
    articleOfGroup: {
      type: 'object',
      title: 'Other articles by group code',
      description: 'Holds both ways: a card of this article belongs to an account of this group.',
      additionalProperties: article,
      default: defaults.articleOfGroup,
    },
    accountPrefix: {
      type: 'string',
      pattern: '^[A-Za-z0-9][A-Za-z0-9._/-]{0,19}$',
      title: 'What stands before a user number in the hub’s account number',
      default: defaults.accountPrefix,
    },
    cardNumber: {
      type: 'string',
      enum: ['serialNo', 'ticketNumber'],
      title: 'Field of a card that readers read',
      description: 'Where it is empty, the other one is taken.',
      default: defaults.cardNumber,
    },
    serialEncoding: {
      type: 'string',
      enum: ['', 'hex', 'dec'],
      title: 'How serial numbers are written',
      description: 'Empty: as the hub reads any card number.',
      default: defaults.serialEncoding,
    },
    plateField: {
      type: 'string',
      enum: ['', 'identificationNumber', 'remarks', 'remarks2', 'remarks3'],
      title: 'Field of a user that holds the licence plates',
      description: 'Several are parted by commas. Empty: plates are neither read nor written.',
      default: defaults.plateField,
    },
    userNumbersFrom: {
      type: 'integer',
      minimum: 0,
      maximum: 900_000_000,
      title: 'First user number for people of the hub',
      description:
        'Names of account holders go out only when this is set. Agree on numbers that the parking system leaves free.',
      default: defaults.userNumbersFrom,
    },
    encoding: {
      type: 'string',
      enum: ['windows-1252', 'utf-8'],
      title: 'Encoding of user and customer files that go out',
      default: defaults.encoding,
    },
  },
} as const
