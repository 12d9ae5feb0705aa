// Owns the departures of Phoenix Contact CHARX controllers.
// Must not hold anything without a source.
import type { ProfileFile } from '../profile.ts'

export default {
  match: { model: 'charx' },
  flags: { remoteStartConnector: 'required' },
  source:
    'ConnectorIO/connectorio-addons PR #332: a controller with two connectors rejects a remote start without connectorId',
} satisfies ProfileFile
