// Owns what an operator sets for one Flash location, with its defaults.
// Must not hold the security token; the hub keeps that sealed.

export interface FlashConfig {
  baseUrl: string
  locationId: string
  tokenIn: 'query' | 'header'
  accountType: 'Monthly' | 'Resident' | 'Membership'
  accountNumberType: string
  profile: string
  profileByGroup: Readonly<Record<string, string>>
  poolName: string
  parksWithoutLimit: number
  dateForm: 'iso' | 'us'
  licenseState: string
  phoneAsRfid: boolean
  removal: 'suspend' | 'cancel'
}

export type GivenConfig = Partial<FlashConfig> & Pick<FlashConfig, 'baseUrl' | 'locationId'>

export const defaults: Omit<FlashConfig, 'baseUrl' | 'locationId'> = {
  tokenIn: 'query',
  accountType: 'Monthly',
  accountNumberType: 'External',
  profile: '',
  profileByGroup: {},
  poolName: '',
  parksWithoutLimit: 99,
  dateForm: 'iso',
  licenseState: '',
  phoneAsRfid: false,
  removal: 'suspend',
}

const text = (title: string, initial: string, description?: string) => ({
  type: 'string',
  maxLength: 100,
  title,
  ...(description ? { description } : {}),
  default: initial,
})
const guid = '^[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}$'

export const configSchema = {
  type: 'object',
  additionalProperties: false,
  required: ['baseUrl', 'locationId'],
  properties: {
    baseUrl: {
      type: 'string',
      pattern: '^https?://[^?#]+$',
      maxLength: 500,
      title: 'Address of the Monthly API',
      description: 'Flash tells it with the contract; /api/monthly/… comes behind it.',
    },
    locationId: {
      type: 'string',
      pattern: guid,
      title: 'Location id',
      description: 'The GUID of this garage. The secret "securityToken" is that of the same garage: each has its own.',
    },
    tokenIn: {
      type: 'string',
      enum: ['query', 'header'],
      title: 'Where the security token goes',
      default: defaults.tokenIn,
    },
    accountType: {
      type: 'string',
      enum: ['Monthly', 'Resident', 'Membership'],
      title: 'Type of the accounts',
      default: defaults.accountType,
    },
    accountNumberType: text(
      'Word for "our account number"',
      defaults.accountNumberType,
      'Tells Flash that a number is ours and not its own.',
    ),
    profile: text('Profile', defaults.profile, 'Of everybody whose group has none of its own. Profiles decide access.'),
    profileByGroup: {
      type: 'object',
      title: 'Profiles of groups',
      maxProperties: 200,
      additionalProperties: { type: 'string', minLength: 1, maxLength: 100 },
      default: defaults.profileByGroup,
    },
    poolName: text('Pool', defaults.poolName),
    parksWithoutLimit: {
      type: 'integer',
      minimum: 1,
      maximum: 9_999,
      title: 'Cars at once for accounts without a limit',
      default: defaults.parksWithoutLimit,
    },
    dateForm: {
      type: 'string',
      enum: ['iso', 'us'],
      title: 'Form of dates',
      description: 'iso: 2026-03-09, us: 03/09/2026. Days are those of the site’s own zone.',
      default: defaults.dateForm,
    },
    licenseState: text('State of plates without one', defaults.licenseState, 'As TX.'),
    phoneAsRfid: {
      type: 'boolean',
      title: 'Phone number in the RFID field',
      description: 'Where somebody has no card: Flash takes the number there to open by Bluetooth.',
      default: defaults.phoneAsRfid,
    },
    removal: {
      type: 'string',
      enum: ['suspend', 'cancel'],
      title: 'A removed credential',
      description: 'suspend: the account becomes inactive and can come back. cancel: it is deleted for good.',
      default: defaults.removal,
    },
  },
} as const
