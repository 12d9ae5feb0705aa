// Owns which views and columns of PARK_DB are read, and the statements that read them; facts from ../README.md's sources.
// Must not put a value into a statement: values are parameters, names come from here and from a checked configuration.

export interface ViewSpec {
  view: string
  columns: readonly string[]
  /** Read when they are there. */
  optional: readonly string[]
  /** Together with Time they name a row; PARK_DB gives no better key. */
  key: readonly string[]
}

const movement = {
  columns: ['Time', 'MovementType', 'FacilityNo', 'DeviceNo', 'CardNo', 'RejectionNo'],
  optional: ['CarparkNo', 'DeviceDesig', 'ArticleNo', 'RejectionDesig', 'PlateNo'],
  key: ['FacilityNo', 'DeviceNo', 'CardNo', 'MovementType', 'RejectionNo'],
} as const

export const views = {
  ParkingMovements: { view: 'ParkingMovements', ...movement },
  ContractParkerMovements: {
    view: 'ContractParkerMovements',
    ...movement,
    optional: [...movement.optional, 'SerialNo', 'UserIdTag'],
  },
  RevenueParkingTrans: {
    view: 'RevenueParkingTrans',
    columns: ['Time', 'DeviceNo', 'TransactionNo', 'Revenue', 'CardNo'],
    optional: ['FacilityNo', 'CarparkNo', 'InvoiceNo', 'RateNo', 'ParkingDuration'],
    // A transaction is unique by these three alone.
    key: ['FacilityNo', 'DeviceNo', 'TransactionNo'],
  },
} as const satisfies Record<string, ViewSpec>

export type ViewName = keyof typeof views
export const viewNames = Object.keys(views) as ViewName[]

/** Style 126 keeps a local time as it is; money as a text of four digits is exact. */
const asText = (column: string) =>
  column === 'Time'
    ? 'CONVERT(nvarchar(33), [Time], 126) AS [Time]'
    : column === 'Revenue'
      ? 'CONVERT(nvarchar(50), CAST([Revenue] AS decimal(19, 4))) AS [Revenue]'
      : `CONVERT(nvarchar(200), [${column}]) AS [${column}]`

export function selectRows(schema: string, { view }: ViewSpec, columns: readonly string[]): string {
  return [
    `SELECT TOP (@most) ${columns.map(asText).join(', ')}`,
    `FROM [${schema}].[${view}]`,
    'WHERE [Time] >= CONVERT(datetime2, @from, 126) AND [Time] < CONVERT(datetime2, @until, 126)',
    'ORDER BY [Time]',
  ].join(' ')
}

export const selectColumns =
  'SELECT TABLE_NAME, COLUMN_NAME FROM INFORMATION_SCHEMA.COLUMNS WHERE TABLE_SCHEMA = @schema ORDER BY TABLE_NAME'
