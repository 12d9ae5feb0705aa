// Owns the list of plugins that ship with the hub.
// Must not configure them; connections do.
import { fileURLToPath } from 'node:url'
import apdsClient from '../../adapters/apds/client/index.ts'
import apdsServer from '../../adapters/apds/server/index.ts'
import cameras from '../../adapters/lpr/index.ts'
import ocpp from '../../adapters/ocpp/index.ts'
import parcsHttp from '../../adapters/parcs-http/index.ts'
import dashboard from '../../plugins/dashboard/index.ts'
import pkiLocal from '../../plugins/pki-local/index.ts'
import tariffOcpi from '../../plugins/tariff-ocpi/index.ts'
import tariffOcpp from '../../plugins/tariff-ocpp/index.ts'
import tariffStandard from '../../plugins/tariff-standard/index.ts'
import type { AnyPlugin } from '../plugin/index.ts'

const folder = (path: string) => fileURLToPath(new URL(`../../${path}/`, import.meta.url))

const inTree: readonly [AnyPlugin, string][] = [
  [ocpp, folder('adapters/ocpp')],
  [parcsHttp, folder('adapters/parcs-http')],
  ...cameras.map((camera): [AnyPlugin, string] => [camera, folder('adapters/lpr')]),
  [apdsServer, folder('adapters/apds/server')],
  [apdsClient, folder('adapters/apds/client')],
  [tariffOcpi, folder('plugins/tariff-ocpi')],
  [tariffOcpp, folder('plugins/tariff-ocpp')],
  [tariffStandard, folder('plugins/tariff-standard')],
  [pkiLocal, folder('plugins/pki-local')],
  [dashboard, folder('plugins/dashboard')],
]

export const inTreePlugins: readonly AnyPlugin[] = inTree.map(([plugin]) => plugin)

/** Where the code of each lies, by plugin id: an error that nobody handled is known by it. */
export const inTreeFolders: ReadonlyMap<string, string> = new Map(inTree.map(([{ id }, path]) => [id, path]))
