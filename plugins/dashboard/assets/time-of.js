// Owns how an instant stands in a table or list: near to now in words, in full where it is pointed at.
// Must not know the site's zone; its times do.
import { h } from './elements.js'

export const timeOf = (times, at, now) => h('time', { datetime: at, title: times.full(at) }, times.near(at, now))
