// Owns the layout of SKIDATA's exchange files: the header record, and the fields of a card, a user and a customer in their order.
// Must not read or write a line; record-file.ts does, and ../README.md says where the layouts are from.

export type Kind = 'text' | 'number' | 'date' | 'moment' | 'flag'
export type Value = string | number | boolean | null
/** Name, kind and width of each field; the first one names the record. */
export type Layout = readonly (readonly [name: string, kind: Kind, width: number])[]
export type Fields<L extends Layout> = Record<L[number][0], Value>

export const header = [
  ['version', 'number', 6],
  ['facility', 'number', 7],
  ['date', 'date', 8],
  ['records', 'number', 5],
  ['currency', 'text', 6],
] as const satisfies Layout

export const card = [
  ['ticketNumber', 'text', 23],
  ['userNumber', 'number', 9],
  ['articleNumber', 'number', 3],
  ['validFrom', 'date', 8],
  ['expires', 'date', 8],
  ['blocked', 'flag', 1],
  ['blockedDate', 'date', 8],
  ['productionState', 'number', 1],
  ['reasonProduction', 'number', 1],
  ['productionCounter', 'number', 4],
  ['isNeutral', 'flag', 1],
  ['retainTicketEntry', 'flag', 1],
  ['entryBarrierClosed', 'flag', 1],
  ['exitBarrierClosed', 'flag', 1],
  ['retainTicketExit', 'flag', 1],
  ['displayText', 'flag', 1],
  ['displayText1', 'text', 16],
  ['displayText2', 'text', 16],
  ['personalNo', 'number', 4],
  ['residualValue', 'number', 12],
  ['serialNumberKeyCardSwatch', 'text', 20],
  ['currencyResidualValue', 'text', 3],
  ['ticketType', 'number', 1],
  ['ticketSubType', 'text', 5],
  ['serialNo', 'text', 30],
  ['suspendPeriodFrom', 'date', 8],
  ['suspendPeriodUntil', 'date', 8],
  ['useValidCarParks', 'flag', 1],
  ['productionFacilityNumber', 'number', 7],
] as const satisfies Layout

export const user = [
  ['userNumber', 'number', 9],
  ['customerNumber', 'number', 9],
  ['title', 'text', 10],
  ['surname', 'text', 25],
  ['firstname', 'text', 25],
  ['dateBirth', 'date', 8],
  ['parkingSpace', 'text', 5],
  ['remarks', 'text', 50],
  ['lastModification', 'moment', 15],
  ['deletedRecord', 'flag', 1],
  ['identificationNumber', 'text', 20],
  ['checkLicensePlate', 'flag', 1],
  ['passageLicensePlatePermitted', 'flag', 1],
  ['excessTimesCreditCard', 'flag', 1],
  ['creditCardNumber', 'text', 20],
  ['expiryDate', 'date', 8],
  ['remarks2', 'text', 50],
  ['remarks3', 'text', 50],
  ['division', 'text', 50],
  ['email', 'text', 120],
  ['groupCounting', 'flag', 1],
  ['eTicketType', 'number', 1],
  ['eTicketEmailTelephone', 'text', 120],
  ['eTicketAuthentication', 'number', 1],
  ['eTicketServiceType', 'number', 1],
  ['eTicketServiceArt', 'number', 1],
] as const satisfies Layout

export const customer = [
  ['customerNumber', 'number', 9],
  ['title', 'text', 10],
  ['surname', 'text', 25],
  ['firstname', 'text', 25],
  ['street', 'text', 25],
  ['postCode', 'text', 10],
  ['city', 'text', 25],
  ['country', 'text', 3],
  ['taxCode', 'text', 16],
  ['idDocumentNo', 'text', 15],
  ['telephone', 'text', 20],
  ['rentalAgreementNo', 'text', 20],
  ['beginDate', 'date', 8],
  ['terminationDate', 'date', 8],
  ['deposit', 'number', 12],
  ['maximumLevel', 'number', 4],
  ['remarks', 'text', 50],
  ['lastModification', 'moment', 15],
  ['blocked', 'flag', 1],
  ['blockedDate', 'date', 8],
  ['deletedRecord', 'flag', 1],
  ['ticketReturnAllowed', 'flag', 1],
  ['groupCounting', 'flag', 1],
  ['entryMaxLevelAllowed', 'flag', 1],
  ['maxLevelCarPark', 'flag', 1],
  ['remarks2', 'text', 50],
  ['remarks3', 'text', 50],
  ['division', 'text', 25],
  ['email', 'text', 120],
  ['countingNeutralCards', 'flag', 1],
  ['nationality', 'text', 3],
  ['accountingNumber', 'text', 20],
] as const satisfies Layout

export type CardRow = Fields<typeof card>
export type UserRow = Fields<typeof user>
export type CustomerRow = Fields<typeof customer>
