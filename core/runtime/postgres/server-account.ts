// Owns the choice of the operating-system account that the server runs under: PostgreSQL refuses to run as root.
// Must not change any file; callers chown what that account has to own.
import { readFileSync, statSync } from 'node:fs'
import { HubError } from '../../domain/hub-error.ts'

export interface ServerAccount {
  uid: number
  gid: number
}

/** The account to switch to, or undefined when the hub's own account will do (it is not root, or this is Windows). */
export function serverAccount(clusterDir: string): ServerAccount | undefined {
  if (process.getuid?.() !== 0) return undefined
  const owner = statSync(clusterDir, { throwIfNoEntry: false })
  // An existing cluster keeps its owner: the account named postgres may have come with a package installed since.
  if (owner && owner.uid !== 0) return { uid: owner.uid, gid: owner.gid }
  const passwd = readPasswd()
  const account = passwd.get('postgres') ?? passwd.get('nobody')
  if (account) return account
  throw new HubError(
    'account_unusable',
    'The database server may not run as root, and this system has neither a "postgres" nor a "nobody" user to run it as. Start the hub as an ordinary user, or set DATABASE_URL to a PostgreSQL of your own.',
  )
}

function readPasswd(): Map<string, ServerAccount> {
  const accounts = new Map<string, ServerAccount>()
  let text = ''
  try {
    text = readFileSync('/etc/passwd', 'utf8')
  } catch {
    return accounts
  }
  for (const line of text.split('\n')) {
    const [name, , uid, gid] = line.split(':')
    if (name && uid && gid && Number(uid) > 0) accounts.set(name, { uid: Number(uid), gid: Number(gid) })
  }
  return accounts
}
