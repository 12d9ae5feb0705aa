// Owns what a key may do: the scopes, and the roles as sets of them.
// Must not check a request; core/http does, from the scope that the contract names.

export const scopes = [
  'sites:read',
  'sites:write',
  'chargers:read',
  'chargers:write',
  'chargers:control',
  'parking:read',
  'parking:control',
  'people:read',
  'people:write',
  'money:read',
  'money:write',
  'links:decide',
  'reviews:read',
  'reviews:resolve',
  'events:read',
  'plugins:read',
  'plugins:write',
  'audit:read',
  'admin',
] as const
export type Scope = (typeof scopes)[number]

const everythingToRead = scopes.filter((scope) => scope.endsWith(':read') && scope !== 'audit:read')

/** `owner` has `admin`, and so also the scopes that later versions add. */
export const roles = {
  owner: ['admin'],
  manager: scopes.filter((scope) => scope !== 'admin'),
  accountant: [
    'sites:read',
    'chargers:read',
    'parking:read',
    'people:read',
    'money:read',
    'money:write',
    'reviews:read',
    'events:read',
    'audit:read',
  ],
  technician: [
    'sites:read',
    'sites:write',
    'chargers:read',
    'chargers:write',
    'chargers:control',
    'parking:read',
    'reviews:read',
    'reviews:resolve',
    'events:read',
    'plugins:read',
  ],
  viewer: everythingToRead,
} as const satisfies Record<string, readonly Scope[]>
export type Role = keyof typeof roles

export function isRole(value: unknown): value is Role {
  return typeof value === 'string' && Object.hasOwn(roles, value)
}

/** `admin` reaches everything. */
export function reaches(held: readonly string[], needed: Scope): boolean {
  return held.includes('admin') || held.includes(needed)
}
