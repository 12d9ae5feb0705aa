// Owns the plugin that shows a site to its operator: a page and its assets, served on the hub's own origin.
// Must not read a record: everything shown comes to the browser through the public API.
import { definePlugin } from '../../core/plugin/index.ts'
import { readAssets } from './read-assets.ts'
import { servePage } from './serve-page.ts'

export default definePlugin<Record<string, never>, 'page'>({
  id: 'dashboard',
  title: 'Operator dashboard',
  version: '1.0.0',
  apiVersion: 1,
  hub: '^0.1',
  capabilities: ['page'],
  autoConnect: true,
  config: { type: 'object', additionalProperties: false, properties: {} },
  async setup(ctx) {
    const assets = await readAssets(new URL('./assets/', import.meta.url))
    ctx.provide('page', { path: '/', title: 'Dashboard', fetch: servePage(assets) })
  },
})
