// Owns the plugin that prices charging by OCPI tariffs as they come over the wire.
// Must not read a clock, a table or a setting: whatever matters is in the rules and the input.
import { definePlugin } from '../../core/plugin/index.ts'
import { ocpiEngine } from './engine.ts'

export { ocpiEngine } from './engine.ts'

export default definePlugin<Record<string, never>, 'tariff'>({
  id: 'tariff-ocpi',
  title: 'OCPI tariffs',
  version: '1.0.0',
  apiVersion: 1,
  hub: '^0.1',
  capabilities: ['tariff'],
  autoConnect: true,
  config: { type: 'object', additionalProperties: false, properties: {} },
  async setup(ctx) {
    ctx.provide('tariff', ocpiEngine())
  },
})
