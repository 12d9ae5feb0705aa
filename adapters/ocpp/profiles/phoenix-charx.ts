// Owns the departures of Phoenix Contact CHARX controllers.
// Must not hold anything without a source.
import type { ProfileFile } from '../profile.ts'

export default {
  match: { model: 'charx' },
  flags: { remoteStartConnector: 'required' },
  source:
    'ConnectorIO/connectorio-addons#332: a controller with two connectors rejects a remote start without connectorId',
  known: [{ line: 'S1', what: 'values and status on connector 0', source: 'ConnectorIO/connectorio-addons#158' }],
} satisfies ProfileFile
