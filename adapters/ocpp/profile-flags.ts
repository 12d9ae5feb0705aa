// Owns what each flag of a station profile is about and what it may be: for the check of overrides and for whoever reads them.
// Must not apply a flag.
import { isTimeZone } from './device-time.ts'
import { type FlagName, largestTransactionNumber, profilePurposes, triggerMessages } from './profile.ts'

export interface FlagWords {
  about: string
  expects: string
  accepts(value: unknown): boolean
}

function oneOf(about: string, ...allowed: readonly (string | number | boolean | null)[]): FlagWords {
  return {
    about,
    expects: `one of ${allowed.map((each) => JSON.stringify(each)).join(', ')}`,
    accepts: (value) => (allowed as readonly unknown[]).includes(value),
  }
}

function whole(about: string, minimum: number, maximum: number, nullable = false): FlagWords {
  return {
    about,
    expects: `a whole number from ${minimum} to ${maximum}${nullable ? ', or null for no limit' : ''}`,
    accepts: (value) =>
      (nullable && value === null) || (Number.isInteger(value) && Number(value) >= minimum && Number(value) <= maximum),
  }
}

function some(about: string, allowed: readonly string[]): FlagWords {
  return {
    about,
    expects: `a list of ${allowed.map((each) => JSON.stringify(each)).join(', ')}`,
    accepts: (value) =>
      Array.isArray(value) &&
      new Set(value).size === value.length &&
      value.every((each) => (allowed as readonly unknown[]).includes(each)),
  }
}

export const profileFlags: { readonly [K in FlagName]: FlagWords } = {
  defaultOcppVersion: oneOf(
    'The protocol of a station that offers no subprotocol; null leaves it to the configuration.',
    null,
    'ocpp1.6',
    'ocpp2.0.1',
    'ocpp2.1',
  ),
  acceptNoSubprotocol: oneOf('Whether a connection without a subprotocol is served.', true, false),
  idCase: oneOf(
    'Whether the identity in the address may be written in another case than the stored one.',
    'any',
    'exact',
  ),
  connectorZeroIsSum: oneOf(
    'Meter values of connector 0 are the sum of the others, even where they name a transaction.',
    true,
    false,
  ),
  energyScale: oneOf(
    'Factor from the sent import energy to what it means; 1000 for kWh labelled Wh.',
    1,
    10,
    100,
    1000,
  ),
  powerDerivation: oneOf('Missing power is computed from voltage and current.', true, false),
  registerKind: oneOf(
    'What the energy register counts from: for ever, each boot, or each transaction.',
    'lifetime',
    'boot',
    'session',
  ),
  clockZone: {
    about: 'The time zone of times that are sent without one; null means UTC.',
    expects: 'an IANA time zone such as "Europe/Berlin", "site" for the zone of the site, or null',
    accepts: (value) => value === null || value === 'site' || (typeof value === 'string' && isTimeZone(value)),
  },
  replyTimePrecision: oneOf('Precision of the times that the hub answers with.', 'milliseconds', 'seconds'),
  remoteStartConnector: oneOf(
    'Whether a remote start must or must not name the connector.',
    'any',
    'required',
    'forbidden',
  ),
  remoteStartCarriesProfile: oneOf('Whether a remote start may carry a charging profile.', true, false),
  limitUnit: oneOf('The unit that limits are sent in.', 'any', 'A', 'W'),
  minStack: whole('The lowest stack level that the station takes.', 0, 1_000),
  maxStack: whole('The highest stack level that the station takes.', 0, 1_000, true),
  allowedPurposes: some('The purposes of charging profiles that the station takes.', profilePurposes),
  configReadMode: oneOf('Whether settings are read in one request or key by key.', 'all', 'by_key'),
  triggerAllowed: some('The messages that the station may be asked for.', triggerMessages),
  triggerMinInterval: whole('The least seconds between two messages that the station is asked for.', 0, 86_400),
  pingPolicy: oneOf('Whether the hub sends WebSocket pings.', 'ping', 'never'),
  maxParallelCalls: oneOf(
    'How many requests of the hub may be open while one of the station is; 0 where the station then drops the connection.',
    0,
    1,
  ),
  tagTransform: oneOf('The letter case of tokens sent to the station.', 'none', 'upper', 'lower'),
  tagCut: {
    about: 'Tokens from the station end before the first of these characters.',
    expects: 'a text of at most 16 characters',
    accepts: (value) => typeof value === 'string' && value.length <= 16,
  },
  acceptStopTagMismatch: oneOf('False has a person look at stops with another card than the start.', true, false),
  txIdMax: whole('The largest transaction number that the station can hold.', 1, largestTransactionNumber),
  statusWithoutNotification: oneOf(
    'The station sends no status: a connector is charging while a transaction runs, else available.',
    true,
    false,
  ),
  finishingMeansIdle: oneOf('False where the station stays in Finishing after the cable is out.', true, false),
  sessionStartPolicy: oneOf('Whether a transaction may begin without a token.', 'token', 'anonymous'),
  showsCost: oneOf(
    'Whether a 1.6 station shows costs by the messages of the Open Charge Alliance; "told" goes by its setting.',
    'told',
    'yes',
    'no',
  ),
  maxMessageSize: whole('Bytes of the largest message that the station takes.', 256, 67_108_864, true),
}
