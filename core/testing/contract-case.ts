// Owns the shape of the contract suites: named cases that any test runner can run.
// Must not depend on a runner; a case fails by rejecting.

export interface ContractCase {
  name: string
  run(): Promise<void>
}

/** A case of this name that fails with what went wrong. */
export function contractCase(name: string, run: () => Promise<void>): ContractCase {
  return { name, run }
}
