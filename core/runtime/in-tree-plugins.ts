// Owns the list of plugins that ship with the hub.
// Must not configure them; connections do.
import { fileURLToPath } from 'node:url'
import apdsClient from '../../adapters/apds/client/index.ts'
import apdsServer from '../../adapters/apds/server/index.ts'
import flash from '../../adapters/flash/index.ts'
import autopay from '../../adapters/free-flow/autopay/index.ts'
import easypark from '../../adapters/free-flow/easypark/index.ts'
import genetecPermits from '../../adapters/genetec/index.ts'
import cameras from '../../adapters/lpr/index.ts'
import ocpp from '../../adapters/ocpp/index.ts'
import parcsFiles from '../../adapters/parcs-files/index.ts'
import parcsHttp from '../../adapters/parcs-http/index.ts'
import parcsTemplate from '../../adapters/parcs-template/index.ts'
import scheidtBachmann from '../../adapters/scheidt-bachmann/index.ts'
import skidataFiles from '../../adapters/skidata/files/index.ts'
import skidataMobile from '../../adapters/skidata/mobile/index.ts'
import skidataReporting from '../../adapters/skidata/reporting/index.ts'
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
  [parcsTemplate, folder('adapters/parcs-template')],
  [parcsFiles, folder('adapters/parcs-files')],
  ...cameras.map((camera): [AnyPlugin, string] => [camera, folder('adapters/lpr')]),
  [apdsServer, folder('adapters/apds/server')],
  [apdsClient, folder('adapters/apds/client')],
  [scheidtBachmann, folder('adapters/scheidt-bachmann')],
  [flash, folder('adapters/flash')],
  [skidataMobile, folder('adapters/skidata/mobile')],
  [skidataReporting, folder('adapters/skidata/reporting')],
  [skidataFiles, folder('adapters/skidata/files')],
  [autopay, folder('adapters/free-flow/autopay')],
  [easypark, folder('adapters/free-flow/easypark')],
  [genetecPermits, folder('adapters/genetec')],
  [tariffOcpi, folder('plugins/tariff-ocpi')],
  [tariffOcpp, folder('plugins/tariff-ocpp')],
  [tariffStandard, folder('plugins/tariff-standard')],
  [pkiLocal, folder('plugins/pki-local')],
  [dashboard, folder('plugins/dashboard')],
]

export const inTreePlugins: readonly AnyPlugin[] = inTree.map(([plugin]) => plugin)

/** Where the code of each lies, by plugin id: an error that nobody handled is known by it. */
export const inTreeFolders: ReadonlyMap<string, string> = new Map(inTree.map(([{ id }, path]) => [id, path]))
