// Owns how what stations told and asked, and their device models, are listed.
// Must not write them; notice-effects.ts does.
import { sql } from 'kysely'
import { before, from, is, recordTable } from './record-table.ts'

export interface StationNoticeRecord {
  noticeId: string
  siteId: string | null
  stationId: string
  topic: string
  evse: number | null
  at: Date
  receivedAt: Date
  requestId: number | null
  sequence: number | null
  data: Record<string, unknown>
  answer: unknown
}

export const stationNotices = recordTable<StationNoticeRecord>()('station_notice', {
  type: 'station_notice',
  id: 'notice_id',
  columns: {
    noticeId: 'notice_id',
    siteId: 'site_id',
    stationId: 'station_id',
    topic: 'topic',
    evse: 'evse_number',
    at: 'at',
    receivedAt: 'received_at',
    requestId: 'request_id',
    sequence: 'sequence',
    data: 'data',
    answer: 'answer',
  },
  reach: 'site',
  sorts: {
    receivedAt: [
      { expression: 't.received_at', type: 'timestamptz' },
      { expression: 't.notice_id', type: 'uuid' },
    ],
  },
  defaultSort: '-receivedAt',
  filters: {
    siteId: is('site_id'),
    stationId: is('station_id'),
    topic: is('topic'),
    requestId: is('request_id'),
    from: from('t.received_at'),
    to: before('t.received_at'),
  },
})

export interface StationVariable {
  stationId: string
  component: string
  componentInstance: string
  evse: number
  connector: number
  variable: string
  variableInstance: string
  attribute: string
  value: string | null
  mutability: string | null
  persistent: boolean | null
  constant: boolean | null
  dataType: string | null
  unit: string | null
  minLimit: string | null
  maxLimit: string | null
  valuesList: string | null
  supportsMonitoring: boolean | null
  updatedAt: Date
}

const nameOrder = [
  'component',
  'component_instance',
  'evse_number',
  'connector_number',
  'variable',
  'variable_instance',
  'attribute',
] as const

export const stationVariables = recordTable<StationVariable>()('station_variable', {
  type: 'station_variable',
  columns: {
    stationId: 'station_id',
    component: 'component',
    componentInstance: 'component_instance',
    evse: 'evse_number',
    connector: 'connector_number',
    variable: 'variable',
    variableInstance: 'variable_instance',
    attribute: 'attribute',
    value: 'value',
    mutability: 'mutability',
    persistent: 'persistent',
    constant: 'constant',
    dataType: 'data_type',
    unit: 'unit',
    minLimit: 'min_limit',
    maxLimit: 'max_limit',
    valuesList: 'values_list',
    supportsMonitoring: 'supports_monitoring',
    updatedAt: 'updated_at',
  },
  // The station was looked up, and with it the site, before its variables are read.
  reach: 'organization',
  search: ['component', 'variable', 'value'],
  sorts: {
    name: nameOrder.map((column) => ({
      expression: `t.${column}`,
      type: column.endsWith('number') ? ('int8' as const) : ('text' as const),
    })),
  },
  defaultSort: 'name',
  filters: {
    stationId: is('station_id'),
    component: (value: string) => sql<boolean>`lower(t.component) = lower(${value})`,
    variable: (value: string) => sql<boolean>`lower(t.variable) = lower(${value})`,
    evse: is('evse_number'),
  },
})
