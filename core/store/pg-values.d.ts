// Owns the type of the one helper of pg that its own types leave out.
// Must not declare what pg's types have.
declare module 'pg/lib/utils.js' {
  /** How pg writes a value that a statement is given, whatever its type (lib/utils.js, 8.23). */
  export function prepareValue(value: unknown): string | Buffer | null
}
