// Owns the shape of a logger as everything in the hub sees it (pino's calling order).
// Must not know where the lines go.

export interface Log {
  debug(fields: object, message: string): void
  info(fields: object, message: string): void
  warn(fields: object, message: string): void
  error(fields: object, message: string): void
}
