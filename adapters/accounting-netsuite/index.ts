// Owns the plugin with the journal import of NetSuite.
// Must not read anything but what it is handed: a format is a function of a closed period.
import { accountingPlugin } from '../../core/plugin/index.ts'
import { netsuiteCsv } from './netsuite-csv.ts'

export default accountingPlugin({
  id: 'accounting-netsuite',
  title: 'NetSuite files',
  version: '1.0.0',
  hub: '^0.1',
  formats: [netsuiteCsv],
})
