// Owns the plugin with the file formats of QuickBooks Desktop and Online.
// Must not read anything but what it is handed: a format is a function of a closed period.
import { accountingPlugin } from '../../core/plugin/index.ts'
import { quickbooksIif } from './quickbooks-iif.ts'
import { quickbooksOnlineCsv } from './quickbooks-online-csv.ts'

export default accountingPlugin({
  id: 'accounting-quickbooks',
  title: 'QuickBooks files',
  version: '1.0.0',
  hub: '^0.1',
  formats: [quickbooksIif, quickbooksOnlineCsv],
})
