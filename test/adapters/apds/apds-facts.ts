// Owns what the public OpenAPI document of APDS 4.0 says of the objects that the hub sends: names, what is required, enums, patterns.
// Must not be read from the adapter: it is written from the document alone, and knows no field that the document has not.
// A Reference is said to have exactly one property and to need two; both are asked for here.
import { Ajv } from 'ajv'

type Schema = Readonly<Record<string, unknown>>

const closed = (required: readonly string[], properties: Record<string, Schema>): Schema => ({
  type: 'object',
  required,
  properties,
  additionalProperties: false,
})
const some = (items: Schema, minItems = 0): Schema => ({ type: 'array', items, minItems })
const among = (...words: readonly string[]): Schema => ({ enum: words })
const text: Schema = { type: 'string' }
const flag: Schema = { type: 'boolean' }
const numeric: Schema = { type: 'number' }
const count: Schema = { type: 'integer', minimum: 0 }
const positive: Schema = { type: 'integer', minimum: 1 }
const percent: Schema = { type: 'number', minimum: 0, maximum: 100 }
const dateTime: Schema = { type: 'string', format: 'date-time' }
const currency: Schema = { type: 'string', pattern: '^[A-Z]{3}$' }
const duration: Schema = {
  type: 'string',
  pattern: '^P(?!$)(\\d+Y)?(\\d+M)?(\\d+W)?(\\d+D)?(T(?=\\d)(\\d+H)?(\\d+M)?(\\d+S)?)?$',
}
const span: Schema = { type: 'string', pattern: '^(\\d\\d:)?\\d\\d:\\d\\d$' }
const identity = { id: { type: 'string', minLength: 1 }, version: positive } satisfies Record<string, Schema>
const reference = closed(['id', 'className'], { id: text, className: { type: 'string', minLength: 1 } })
const versioned = closed(['id', 'version'], {
  ...identity,
  className: { type: 'string', pattern: '^[A-Z]+[A-Za-z0-9]+' },
})
const said = some(
  closed(['language', 'string'], { language: { type: 'string', pattern: '^[a-z]{2}$' }, string: text }),
  1,
)
const amount = closed(['currencyType', 'currencyValue'], { currencyType: currency, currencyValue: numeric })
const point = closed(['type'], { type: among('Point'), coordinates: { ...some(numeric, 2), maxItems: 2 } })

const credentialType = among(
  ...['barcode', 'bluetooth', 'eticket', 'hangtag', 'licensePlate', 'permit', 'qrCode', 'rfid', 'ticket'],
  ...['electronicID', 'ticketcoupon', 'vehicleplate'],
)
const credential = closed(['type', 'identifier'], {
  type: credentialType,
  credentialAssignedType: among('customer', 'vehicle', 'other'),
  identifier: reference,
  issuer: said,
})
const issueMethod = among('electronic', 'ticket', 'permit')
const plannedUse = closed(['startTime'], {
  startTime: dateTime,
  endTime: dateTime,
  cancelTime: dateTime,
  expiryTime: dateTime,
  issuanceTime: dateTime,
  issuer: versioned,
  issueMethod,
  credentialsAssigned: some(credential, 1),
})
const paymentLine = closed(['id', 'version', 'paymentType', 'value'], {
  ...identity,
  identifierId: text,
  idCode: text,
  paymentType: among('payment', 'validation'),
  value: amount,
})
const payment = closed(['id', 'version', 'serviceProvider', 'paymentLines'], {
  ...identity,
  dateCollected: dateTime,
  dateAuthorised: dateTime,
  serviceProvider: versioned,
  transactionID: text,
  idCode: text,
  startPeriodCovered: dateTime,
  endPeriodCovered: dateTime,
  paymentLines: some(paymentLine),
})
const assignedRight = closed(['id', 'version', 'rightSpecification', 'rightHolder'], {
  ...identity,
  rightSpecification: versioned,
  rightHolder: closed([], { credentials: some(credential) }),
  assignedRightIssuer: versioned,
  issueMethod,
  issuanceTime: dateTime,
  minutesAvailable: numeric,
  minutesUsed: numeric,
  totalMinutes: numeric,
  remainingValue: amount,
  totalRightValue: amount,
  instancesUsed: count,
  instancesAvailable: count,
  totalInstances: count,
  expiry: dateTime,
  plannedUses: some(plannedUse),
  payments: some(payment),
  monetaryValue: closed(['taxIncluded', 'serviceProvider', 'value'], {
    taxIncluded: flag,
    serviceProvider: versioned,
    value: amount,
  }),
})
const segment = closed(['id', 'version', 'actualStart', 'assignedRight', 'validationType'], {
  ...identity,
  actualStart: dateTime,
  actualEnd: dateTime,
  spaceId: versioned,
  validationId: text,
  credentialId: reference,
  // The whole right where `expand` asks for it: it has what a reference needs.
  assignedRight: { anyOf: [versioned, assignedRight] },
  validationType: some(credentialType, 1),
  notes: said,
})
const session = closed(['id', 'version', 'actualStart', 'initiator', 'identifiedCredentials', 'segments'], {
  ...identity,
  actualStart: dateTime,
  actualEnd: dateTime,
  initiator: versioned,
  hierarchyElement: versioned,
  identifiedCredentials: some(credential, 1),
  segments: some(segment, 1),
  identifiedVehicle: closed(['country'], {
    country: { type: 'string', pattern: '^[a-z]{2}$' },
    color: text,
    description: text,
    make: text,
    model: text,
    stateProvince: text,
  }),
})

const validity = closed(['validityTimeSpecification'], {
  validityStatus: among('active', 'definedByValidityTimeSpec', 'planned', 'suspended'),
  validityTimeSpecification: closed(['overallStartTime'], { overallStartTime: dateTime, overallEndTime: dateTime }),
})
const rightSpecification = closed(['id', 'version', 'issuer', 'transferable', 'hierarchyElements', 'validity'], {
  ...identity,
  description: said,
  // Spelt as in the enum; the words beside it write setDownPickup.
  type: among('accessPermission', 'loadingUnloading', 'oneTimeUseParking', 'permitParking', 'setdownPickup', 'waiting'),
  financialReference: text,
  transferable: flag,
  transferableConditions: flag,
  expiry: dateTime,
  issuer: versioned,
  credentials: some(credentialType),
  validity,
  hierarchyElements: some(versioned, 1),
  rateEligibility: some(
    closed(['id', 'version'], {
      ...identity,
      priority: positive,
      combinable: flag,
      rateTable: versioned,
    }),
  ),
})
const rateLine = closed(['id', 'version', 'sequence', 'rateLineType', 'value'], {
  ...identity,
  sequence: positive,
  rateLineType: among('flatRate', 'flatRateTier', 'incrementingRate'),
  description: said,
  durationStart: span,
  durationEnd: span,
  incrementPeriod: duration,
  value: numeric,
  minValue: numeric,
  maxValue: numeric,
  usageCondition: among('fixedDuration', 'fixedNumber', 'once', 'unlimited'),
})
const rateLineCollection = closed(
  [
    ...['id', 'version', 'collectionSequence', 'applicableCurrency', 'resetTime', 'validStart', 'relativeTimes'],
    ...['taxIncluded', 'rateLines'],
  ],
  {
    ...identity,
    collectionSequence: positive,
    applicableCurrency: currency,
    minTime: duration,
    maxTime: duration,
    resetTime: { type: 'string', pattern: '^([0-1]?[0-9]|2[0-3]):[0-5][0-9]$' },
    minValueCollection: amount,
    maxValueCollection: amount,
    validStart: dateTime,
    validEnd: dateTime,
    relativeTimes: flag,
    taxIncluded: flag,
    taxRate: percent,
    taxValue: numeric,
    rateLines: some(rateLine, 1),
  },
)
const rateTable = closed(
  ['id', 'version', 'rateTableName', 'availability', 'validityStart', 'activeTimes', 'rateLineCollections'],
  {
    ...identity,
    rateTableName: said,
    rateTableID: said,
    availability: among('private', 'public', 'restricted'),
    rateResponsibleParty: versioned,
    rateSupersedeLink: versioned,
    validation: flag,
    additionalInformation: text,
    rateType: among('contract', 'daily', 'event', 'hourly'),
    validity,
    // Required, and nowhere said what they are.
    validityStart: {},
    activeTimes: {},
    rateLineCollections: some(rateLineCollection, 1),
  },
)

const demandTable = closed([], {
  frequency: duration,
  timestamp: dateTime,
  demandType: some(
    closed(['recordDateTime'], {
      count,
      occupancyCalculation: among('counted', 'derived', 'expected', 'verified'),
      percentage: percent,
      recordDateTime: dateTime,
    }),
  ),
  demandSpaceType: some(
    closed(['detectionUpdateTime'], {
      detectionUpdateTime: dateTime,
      occupancyEstimatedStartTime: dateTime,
      occupancyEstimatedEndTime: dateTime,
      occupancyStartTime: dateTime,
      occupancyEndTime: dateTime,
      spaceId: reference,
    }),
  ),
})
const supply = closed(['supplyQuantity', 'supplyViewType'], {
  supplyViewType: among('spaceView', 'vehicleView'),
  supplyQuantity: { type: 'integer' },
  supplyValidityStart: dateTime,
  supplyValidityEnd: dateTime,
})
const connector = closed(['connectorType', 'maxPowerAtSocket'], {
  connectorType: among(
    ...['cee3', 'cee5', 'chademo', 'domestic', 'iec60309x2single16', 'iec60309x2three16', 'iec60309x2three32'],
    ...['iec60309x2three64', 'iec62196T1', 'iec62196T1COMBO', 'iec62196T2', 'iec62196T2COMBO', 'iec62196T3A'],
    ...['iec62196T3C', 'other', 'pantographBottomUp', 'pantographTopDown', 'teslaConnectorAmerica'],
    ...['teslaConnectorEurope', 'teslaR', 'teslaS', 'yazaki', ...[...'ABCDEFGHIJKLMNO'].map((c) => `domestic${c}`)],
  ),
  maxPowerAtSocket: numeric,
  maximumCurrent: numeric,
  voltage: numeric,
  otherConnector: text,
})
const element = {
  ...identity,
  name: said,
  description: said,
  aliases: some(said),
  operatorDefinedReference: versioned,
  parentId: versioned,
  childIds: some(versioned),
  layer: count,
  rightSpecifications: some(versioned),
  hierarchyElementRecord: closed(['creationTime'], { creationTime: dateTime, creator: versioned, creatorEmail: text }),
  hierarchyElementReference: closed(['elementId'], {
    elementId: versioned,
    demandTable: some(demandTable),
    supply: some(supply),
  }),
} satisfies Record<string, Schema>
const needed = ['id', 'version', 'type', 'name', 'layer', 'hierarchyElementRecord']
const operatingRestrictions = some(
  closed(['operatingRestriction'], {
    operatingRestriction: among(
      ...['busOnly', 'busStop', 'carpoolOnly', 'commercialVehicleOnly', 'disabledPersonPermitOnly'],
      ...['electricVehicleOnly', 'freeParking', 'governmentVehicleOnly', 'loadingZone', 'loadingZoneCommercial'],
      ...['media', 'noParking', 'noWaiting', 'parkingTimeLimit', 'residentialPermitOnly', 'snow', 'streetCleaning'],
      ...['taxiOnly', 'valetOnly'],
    ),
    operatingRestrictionContext: said,
  }),
)
const addressLine = closed(['order', 'text', 'type'], {
  order: count,
  text: said,
  type: among('apartment', 'building', 'districtTerritory', 'floor', 'poBox', 'region', 'street', 'town', 'unit'),
})
const placeInformation = {
  characteristics: closed([], {
    openToPublic: flag,
    accessControlled: flag,
    robotic: flag,
    disabledAccess: flag,
    spacesNonDedicated: count,
    spacesTotal: count,
    evChargingPoints: count,
  }),
  contacts: some(
    closed(['contactType', 'contactReference'], {
      contactType: among('contactByReference'),
      contactReference: versioned,
    }),
  ),
  operatingRestrictions,
} satisfies Record<string, Schema>
const place: Schema = {
  type: 'object',
  required: ['type'],
  discriminator: { propertyName: 'type' },
  oneOf: [
    closed([...needed, 'timeZone'], {
      ...element,
      ...placeInformation,
      type: among('place'),
      timeZone: text,
      indicativePlacePointLocation: some(point),
      placeStreetAddress: closed([], { city: said, postCode: text, addressLines: some(addressLine) }),
    }),
    closed(needed, { ...element, ...placeInformation, type: among('subplaceElement') }),
    closed([...needed, 'spaceId'], {
      ...element,
      type: among('space'),
      spaceId: reference,
      indicativePointLocation: point,
      operatingRestrictions,
    }),
    // A charging point: the enum of types has no word of its own for it.
    closed([...needed, 'supplementalFacilityIndex', 'electricChargingPoint'], {
      ...element,
      type: among('identifiedArea'),
      supplementalFacilityIndex: { type: 'integer' },
      externalIdentifiers: some(text),
      electricChargingPoint: closed(['refillPointIndex', 'connectors'], {
        refillPointIndex: { type: 'integer' },
        externalIdentifier: text,
        deliveryUnit: among('kWh', 'kg', 'litre'),
        availableChargingPower: some(numeric),
        connectors: some(connector, 1),
        usageType: some(among('electricVehicle', 'electricBike', 'electricMotorcycle', 'other')),
      }),
    }),
  ],
}
const contact = closed(['id', 'version', 'contactType', 'type'], {
  ...identity,
  contactType: among('contactPoint'),
  type: among(
    ...['customerService', 'emergencyContact', 'enforcementSystemProvider', 'operator', 'owner', 'propertyManager'],
    ...['securityService', 'serviceProvider'],
  ),
  organisationName: said,
})

const topic = among(
  ...['AssignedRightCreated', 'AssignedRightUpdated', 'AssignedRightDeleted'],
  ...['SessionCreated', 'SessionUpdated', 'SessionDeleted', 'SystemEvents'],
)
const responseStatus = closed(['status'], {
  status: among('ok', 'error'),
  code: { type: 'integer' },
  message: text,
  ids: some(text),
})
const listOf = (items: Schema) =>
  closed(['meta', 'data'], {
    meta: closed(['referenceInstant', 'offset', 'pageSize', 'total'], {
      referenceInstant: count,
      offset: count,
      pageSize: count,
      total: count,
    }),
    deletedReferences: some(
      closed(['id', 'className', 'deleteTimestamp'], {
        id: text,
        className: { type: 'string', pattern: '^([A-Z][a-z0-9]+)+' },
        deleteTimestamp: dateTime,
      }),
    ),
    data: some(items),
  })

const objects = { place, contact, rightSpecification, rateTable, session, assignedRight } as const
const schemas = {
  ...objects,
  places: listOf(place),
  contacts: listOf(contact),
  rightSpecifications: listOf(rightSpecification),
  rateTables: listOf(rateTable),
  sessions: listOf(session),
  assignedRights: listOf(assignedRight),
  responseStatus,
  subscription: closed(['endpoint', 'topics'], { endpoint: text, topics: some(topic) }),
  // The document has a body for system alerts alone; the hub's own names what it is about by the document's words.
  notification: closed(['id', 'timestamp', 'type', 'reference'], {
    id: text,
    timestamp: dateTime,
    type: topic,
    reference: { ...versioned, required: ['id', 'className'] },
  }),
} as const
export type ApdsObject = keyof typeof schemas

const ajv = new Ajv({ allErrors: true, strict: false, discriminator: true })
ajv.addFormat(
  'date-time',
  (value) =>
    /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)$/.test(value) && !Number.isNaN(Date.parse(value)),
)

/** What is wrong with it, each with its JSON pointer; empty when nothing is. */
export function faultsOf(name: ApdsObject, body: unknown): string[] {
  const validate = ajv.compile(schemas[name])
  validate(JSON.parse(JSON.stringify(body)))
  return (validate.errors ?? []).map(
    ({ instancePath, message, params }) => `${instancePath} ${message} ${JSON.stringify(params)}`,
  )
}
