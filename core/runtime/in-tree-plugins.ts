// Owns the list of plugins that ship with the hub.
// Must not configure them; connections do.
import { fileURLToPath } from 'node:url'
import accountingBusinessCentral from '../../adapters/accounting-business-central/index.ts'
import accountingCsv from '../../adapters/accounting-csv/index.ts'
import accountingDatev from '../../adapters/accounting-datev/index.ts'
import accountingNetsuite from '../../adapters/accounting-netsuite/index.ts'
import accountingPlaintext from '../../adapters/accounting-plaintext/index.ts'
import accountingQuickbooks from '../../adapters/accounting-quickbooks/index.ts'
import accountingSageIntacct from '../../adapters/accounting-sage-intacct/index.ts'
import accountingXero from '../../adapters/accounting-xero/index.ts'
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
import paymentStripe from '../../adapters/payment-stripe/index.ts'
import scheidtBachmann from '../../adapters/scheidt-bachmann/index.ts'
import skidataFiles from '../../adapters/skidata/files/index.ts'
import skidataMobile from '../../adapters/skidata/mobile/index.ts'
import skidataReporting from '../../adapters/skidata/reporting/index.ts'
import dashboard from '../../plugins/dashboard/index.ts'
import paymentAccount from '../../plugins/payment-account/index.ts'
import paymentFree from '../../plugins/payment-free/index.ts'
import paymentParcs from '../../plugins/payment-parcs/index.ts'
import paymentPrepaid from '../../plugins/payment-prepaid/index.ts'
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
  [paymentStripe, folder('adapters/payment-stripe')],
  [paymentAccount, folder('plugins/payment-account')],
  [paymentFree, folder('plugins/payment-free')],
  [paymentParcs, folder('plugins/payment-parcs')],
  [paymentPrepaid, folder('plugins/payment-prepaid')],
  [accountingBusinessCentral, folder('adapters/accounting-business-central')],
  [accountingCsv, folder('adapters/accounting-csv')],
  [accountingDatev, folder('adapters/accounting-datev')],
  [accountingNetsuite, folder('adapters/accounting-netsuite')],
  [accountingPlaintext, folder('adapters/accounting-plaintext')],
  [accountingQuickbooks, folder('adapters/accounting-quickbooks')],
  [accountingSageIntacct, folder('adapters/accounting-sage-intacct')],
  [accountingXero, folder('adapters/accounting-xero')],
  [tariffOcpi, folder('plugins/tariff-ocpi')],
  [tariffOcpp, folder('plugins/tariff-ocpp')],
  [tariffStandard, folder('plugins/tariff-standard')],
  [pkiLocal, folder('plugins/pki-local')],
  [dashboard, folder('plugins/dashboard')],
]

export const inTreePlugins: readonly AnyPlugin[] = inTree.map(([plugin]) => plugin)

/** Where the code of each lies, by plugin id: an error that nobody handled is known by it. */
export const inTreeFolders: ReadonlyMap<string, string> = new Map(inTree.map(([{ id }, path]) => [id, path]))
