// Owns what a simulated charger may get wrong, as data: one switch per deviation seen on real chargers.
// Must not act; deform.ts bends payloads and frames, station.ts and the two dialects bend behaviour.

export type OcppVersion = 'ocpp1.6' | 'ocpp2.0.1'

/** How the charger's own reader spells a card. Applied in order. */
export type TagForm = 'reversed' | 'lowerCase' | 'checkByte' | 'zeroPadded' | 'suffix' | 'separators' | 'tooLong'

export interface Quirks {
  // ---- transaction identity
  /** 1.6: the transaction id used in stop and meter values, instead of the one that the hub gave. */
  transactionId?: { value: -1 | 0 | 'random'; when: 'afterOfflineStart' | 'always' }
  /** 1.6: MeterValues carry no transaction id. */
  omitMeterTransactionId?: boolean
  /** 1.6: a first MeterValues leaves before StartTransaction is answered (needs `maxParallelCalls` of 2 or more). */
  earlyMeter?: boolean
  /** Sends these once more, same content, new message id. */
  repeat?: readonly ('start' | 'stop' | 'meter')[]
  /** Probability that any transaction message is sent once more. */
  doubleSend?: number
  /** The record of the begin (end) is lost inside the charger: the message never leaves. */
  lose?: readonly ('start' | 'stop')[]
  /** Every transaction message ever sent goes out again after each reconnect. */
  replayHistory?: boolean
  stopTag?: 'other' | 'none'
  /** Whatever happened, this is the reason told. */
  stopReason?: string
  /** A CALLERROR to a queued message stops the queue for good. */
  stallOnCallError?: boolean
  /** 2.x: ids count from 1 after every boot, so they come again. */
  reuseTransactionIds?: boolean
  seqNo?: 'zero' | 'gaps' | 'restartsOnReconnect'
  omitOfflineFlag?: boolean
  omitConnectorId?: boolean

  // ---- meter values
  meterValueAsObject?: boolean
  emptySampledValue?: boolean
  numericValues?: boolean
  /** `kWhAsWh`: kilowatt-hours under the label Wh; `kWhNoUnit`: the same without a label; `mixed`: every other sample. */
  energy?: 'kWhAsWh' | 'kWhNoUnit' | 'mixed'
  /** What the register counts from. Default: the meter's life. */
  register?: 'lifetime' | 'boot' | 'session'
  /** Begin is told as 0 although the register goes on counting from its lifetime value. */
  zeroMeterStart?: 'offline' | 'always'
  meterStop?: 'minusOne' | 'missing' | 'belowStart'
  meterAfterStop?: boolean
  /** Every context becomes this; `none` leaves it out. */
  context?: 'Sample.Clock' | 'Sample.Periodic' | 'none'
  omitTransactionBegin?: boolean
  totalCurrentOnly?: boolean
  omitPower?: boolean
  temperature?: 'Celcius' | 'Celsius' | 'C'
  frequency?: 'Hertz' | 'Hz'
  currentInMilliamps?: boolean
  /** The station's own meter is reported on connector 0 beside each sample. */
  stationMeterOnZero?: boolean

  // ---- time
  timestamps?: 'noZone' | 'shortOffset' | 'localAsZ'
  /** The clock starts at 1970 and stays there. */
  epochClock?: boolean
  clockSkewSeconds?: number

  // ---- fields and JSON
  tag?: readonly TagForm[]
  longSerial?: boolean
  unknownProperties?: boolean
  /** `lower`: enum words in lower case; `unknown`: a status word that no schema knows. */
  enums?: 'lower' | 'unknown'
  nulls?: boolean
  nullPayload?: boolean
  prettyJson?: boolean
  /** A raw line break stands inside a text value. */
  controlCharacters?: boolean
  emptyFrames?: boolean
  duplicateProperty?: boolean
  /** A frame of message type 1 goes out before each CALL. */
  messageTypeOne?: boolean
  /** `counter` restarts at 1 on each connection; `fixed` uses one id for everything. */
  messageIds?: 'counter' | 'fixed'
  frames?: 'binary' | 'fragmented'
  longConfigurationValue?: boolean

  // ---- connection
  subprotocol?: 'none' | 'several'
  path?: 'trailingSlash' | 'doubleSlash' | 'percentEncoded' | 'otherCase'
  noPong?: boolean
  /** The password is sent as the bytes that its hex digits stand for. */
  passwordAsBytes?: boolean
  noBootOnReconnect?: boolean
  /** BootNotification comes this many times instead of once. */
  boots?: number
  statusBeforeAccepted?: boolean
  dropOnParallelCalls?: boolean
  maxParallelCalls?: number
  /** Actions of ours that get no answer at all. */
  silentOn?: readonly string[]
  /** Actions of ours answered NotImplemented. */
  notImplemented?: readonly string[]
  /** An answer nobody asked for follows every heartbeat. */
  unsolicitedResults?: boolean

  // ---- status and control
  omitStatus?: boolean
  remoteStartWithoutStart?: boolean
  remoteStartNeedsConnector?: boolean
  startWithoutAuthorize?: boolean
  refuseTriggers?: readonly string[]
  readOnlyKeys?: readonly string[]
  /** Finishing is reported with an error code. */
  finishingWithError?: boolean
}

export interface QuirkRow {
  /** Row of the catalogue of deviations: T transactions, M meter, C clock, J JSON, W handshake, S status, R cards, X others. */
  row: string
  title: string
  versions: readonly OcppVersion[]
  quirks: Quirks
}

const both: readonly OcppVersion[] = ['ocpp1.6', 'ocpp2.0.1']
const v16: readonly OcppVersion[] = ['ocpp1.6']
const v201: readonly OcppVersion[] = ['ocpp2.0.1']
const row = (name: string, title: string, versions: readonly OcppVersion[], quirks: Quirks): QuirkRow => ({
  row: name,
  title,
  versions,
  quirks,
})

/** The deviations that the simulator can play, one entry per catalogue row and form. */
export const quirkRows: readonly QuirkRow[] = [
  row('T1', 'transaction -1 after an offline start', v16, { transactionId: { value: -1, when: 'afterOfflineStart' } }),
  row('T2', 'transaction 0 after an offline start', v16, { transactionId: { value: 0, when: 'afterOfflineStart' } }),
  row('T3', 'another transaction id in later messages', v16, { transactionId: { value: 'random', when: 'always' } }),
  row('T4', 'meter values without a transaction id', v16, { omitMeterTransactionId: true }),
  row('T5', 'meter values before the start is answered', v16, { earlyMeter: true, maxParallelCalls: 2 }),
  row('T6', 'start sent twice', both, { repeat: ['start'] }),
  row('T7', 'stop sent twice', both, { repeat: ['stop'] }),
  row('T8', 'only the stop arrives', both, { lose: ['start'] }),
  row('T9', 'the stop never arrives', both, { lose: ['stop'] }),
  row('T11', 'whole history replayed after a reconnect', both, { replayHistory: true }),
  row('T12', 'stop with another tag', v16, { stopTag: 'other' }),
  row('T12', 'stop without a tag', both, { stopTag: 'none' }),
  row('T14', 'transaction ids come again after a boot', v201, { reuseTransactionIds: true }),
  row('T15', 'gaps in seqNo and no offline flag', v201, { seqNo: 'gaps', omitOfflineFlag: true }),
  row('T15', 'seqNo restarts after a reconnect', v201, { seqNo: 'restartsOnReconnect' }),
  row('T16', 'EVSE given without its connector', v201, { omitConnectorId: true }),
  row('T17', 'every stop told as DeAuthorized', both, { stopReason: 'DeAuthorized' }),
  row('T18', 'a CALLERROR stalls the queue', both, { stallOnCallError: true }),
  row('M1', 'meterValue is an object', both, { meterValueAsObject: true }),
  row('M2', 'empty sampledValue', both, { emptySampledValue: true }),
  row('M3', 'numbers where text belongs', v16, { numericValues: true }),
  row('M4', 'kWh labelled Wh', both, { energy: 'kWhAsWh' }),
  row('M5', 'register counts from the boot', both, { register: 'boot' }),
  row('M5', 'register counts from the session', both, { register: 'session' }),
  row('M6', 'begin 0 beside a lifetime register', both, { zeroMeterStart: 'always' }),
  row('M7', 'begin 0 when offline', both, { zeroMeterStart: 'offline' }),
  row('M8', 'meterStop -1', v16, { meterStop: 'minusOne' }),
  row('M8', 'meterStop missing', v16, { meterStop: 'missing' }),
  row('M9', 'meterStop below meterStart', v16, { meterStop: 'belowStart' }),
  row('M10', 'a sample after the stop', v16, { meterAfterStop: true }),
  row('M11', 'context is always Sample.Clock', both, { context: 'Sample.Clock' }),
  row('M12', 'no Transaction.Begin sample', both, { omitTransactionBegin: true }),
  row('M13', 'total current only', both, { totalCurrentOnly: true, omitPower: true }),
  row('M14', 'no power measured', both, { omitPower: true }),
  row('M15', 'temperature in Celcius', both, { temperature: 'Celcius' }),
  row('M16', 'frequency in Hertz', both, { frequency: 'Hertz' }),
  row('M17', 'current in mA', both, { currentInMilliamps: true }),
  row('M18', 'station meter on connector 0', v16, { stationMeterOnZero: true }),
  row('M19', 'sampled data key read-only', both, {
    readOnlyKeys: ['MeterValuesSampledData', 'SampledDataTxUpdatedMeasurands'],
  }),
  row('M20', 'trigger of MeterValues refused', both, { refuseTriggers: ['MeterValues'] }),
  row('C1', 'timestamps without a zone', both, { timestamps: 'noZone' }),
  row('C2', 'offset without minutes', both, { timestamps: 'shortOffset' }),
  row('C3', 'clock stands in 1970', both, { epochClock: true }),
  row('C4', 'local time marked Z', both, { timestamps: 'localAsZ' }),
  row('J1', 'serial number too long', both, { longSerial: true }),
  row('J2', 'tag over 20 characters', v16, { tag: ['tooLong'] }),
  row('J3', 'configuration value over 500 characters', v16, { longConfigurationValue: true }),
  row('J4', 'unknown properties', both, { unknownProperties: true }),
  row('J5', 'enum words in lower case', both, { enums: 'lower' }),
  row('J5', 'a status that no schema knows', both, { enums: 'unknown' }),
  row('J6', 'null where nothing is meant', both, { nulls: true }),
  row('J6', 'null instead of an empty payload', both, { nullPayload: true }),
  row('J7', 'line breaks inside the JSON text', both, { prettyJson: true }),
  row('J7', 'a raw line break inside a text', both, { controlCharacters: true }),
  row('J8', 'empty frames', both, { emptyFrames: true }),
  row('J9', 'a property twice', both, { duplicateProperty: true }),
  row('J10', 'message type 1', both, { messageTypeOne: true }),
  row('J11', 'message ids restart at 1', both, { messageIds: 'counter' }),
  row('J12', 'one message id for everything', both, { messageIds: 'fixed' }),
  row('J13', 'tag with a suffix', both, { tag: ['suffix'] }),
  row('J13', 'tag with separators', both, { tag: ['separators'] }),
  row('J14', 'binary frames', both, { frames: 'binary' }),
  row('J14', 'fragmented frames', both, { frames: 'fragmented' }),
  row('W1', 'no subprotocol', v16, { subprotocol: 'none' }),
  row('W2', 'several subprotocols', both, { subprotocol: 'several' }),
  row('W4', 'trailing slash', both, { path: 'trailingSlash' }),
  row('W4', 'double slash', both, { path: 'doubleSlash' }),
  row('W5', 'percent-encoded id', both, { path: 'percentEncoded' }),
  row('W6', 'id in other case', both, { path: 'otherCase' }),
  row('W7', 'no pong', both, { noPong: true }),
  row('W13', 'no boot on reconnect', both, { noBootOnReconnect: true }),
  row('W14', 'boot repeated', both, { boots: 4 }),
  row('W15', 'status before the boot is accepted', both, { statusBeforeAccepted: true }),
  row('W16', 'two of our calls at once drop the socket', both, { dropOnParallelCalls: true }),
  row('W18', 'unsupported action answered NotImplemented', both, {
    notImplemented: ['GetConfiguration', 'GetVariables'],
  }),
  row('W18', 'unsupported action not answered', both, { silentOn: ['GetConfiguration', 'GetVariables'] }),
  row('S2', 'remote start needs a connector', v16, { remoteStartNeedsConnector: true }),
  row('S3', 'remote start accepted, nothing starts', both, { remoteStartWithoutStart: true }),
  row('S7', 'Finishing with an error code', v16, { finishingWithError: true }),
  row('S19', 'start without Authorize', both, { startWithoutAuthorize: true }),
  row('R1', 'tag in lower case', both, { tag: ['lowerCase'] }),
  row('R3', 'tag bytes reversed', both, { tag: ['reversed'] }),
  row('R3', 'tag with its check byte', both, { tag: ['checkByte'] }),
  row('R4', 'four-byte tag padded with zeros', both, { tag: ['zeroPadded'] }),
  row('X1', 'password as raw bytes', both, { passwordAsBytes: true }),
  row('X2', 'four calls outstanding', both, { maxParallelCalls: 4 }),
  row('X5', 'seqNo always 0', v201, { seqNo: 'zero' }),
  row('X6', 'kWh without a unit', both, { energy: 'kWhNoUnit' }),
  row('X6', 'Wh and kWh mixed in one session', both, { energy: 'mixed' }),
  row('X12', 'answers nobody asked for', both, { unsolicitedResults: true }),
  row('-', 'no status notifications', both, { omitStatus: true }),
]
