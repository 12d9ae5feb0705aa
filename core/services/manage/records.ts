// Owns the shapes of records and lists as callers of the services see them.
// Must not contain behaviour.
export type { Campaign } from '../../store/campaigns.ts'
export type { ConnectionRecord } from '../../store/connections.ts'
export type { StationFile } from '../../store/files.ts'
export type { Page, Place } from '../../store/keyset.ts'
export type { Account, Credential, Group, Presentation, Vehicle } from '../../store/people.ts'
export type { Area, Bay, BayNow, Device, Lane, Occupancy, Organization, Site } from '../../store/places.ts'
export type { ListQuery } from '../../store/record-table.ts'
export type { ChargingSession } from '../../store/sessions-read.ts'
export type { Connector, Evse, Station, StationSocket } from '../../store/stations.ts'
