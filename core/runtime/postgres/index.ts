// Owns the door of this folder: what the hub and the test setup may use of the private server.
// Must not contain code of its own.
export {
  type ConnectionDetails,
  connectionUrl,
  type EmbeddedPostgres,
  type EmbeddedPostgresOptions,
  startEmbeddedPostgres,
} from './embedded-postgres.ts'
