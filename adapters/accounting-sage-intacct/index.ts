// Owns the plugin with the general ledger import of Sage Intacct.
// Must not read anything but what it is handed: a format is a function of a closed period.
import { accountingPlugin } from '../../core/plugin/index.ts'
import { sageIntacctCsv } from './sage-intacct-csv.ts'

export default accountingPlugin({
  id: 'accounting-sage-intacct',
  title: 'Sage Intacct files',
  version: '1.0.0',
  hub: '^0.1',
  formats: [sageIntacctCsv],
})
