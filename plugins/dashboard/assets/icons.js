// Owns the icons: line drawings on a grid of 24, drawn here so that nothing is loaded from anywhere.
// Must not carry meaning alone: a word stands beside each.
import { h } from './elements.js'

const paths = {
  bolt: ['M13 2 5 13.5h6L10 22l8.5-12h-6z'],
  plug: ['M9 3v5M15 3v5M6.5 8h11v3.5a5.5 5.5 0 0 1-11 0zM12 17v4'],
  car: ['M4 16v-3.2l1.8-5A2 2 0 0 1 7.7 6.5h8.6a2 2 0 0 1 1.9 1.3l1.8 5V16M3.5 12.8h17M4 16h16v2.5h-3V16M7 16v2.5H4'],
  free: ['M6 20V5h12v15'],
  idle: ['M12 7v5l3 2', 'M12 3a9 9 0 1 0 0 18 9 9 0 0 0 0-18z'],
  overstay: ['M7 3h10M7 21h10M8 3v3.5c0 2.5 8 3.5 8 9V21M16 3v3.5c0 2.5-8 3.5-8 9V21'],
  pause: ['M9 6v12M15 6v12'],
  fault: ['M12 3.5 2.8 19.5h18.4z', 'M12 10v4.5M12 17.2v.1'],
  offline: [
    'M4 4l16 16',
    'M5 11.5a11 11 0 0 1 3.4-2.2M12.8 8a11 11 0 0 1 6.4 3.5M8.4 15a5.3 5.3 0 0 1 5.2-1.2M12 19v.1',
  ],
  online: ['M5 11.5a11 11 0 0 1 14 0M8.3 15a6 6 0 0 1 7.4 0M12 19v.1'],
  blocked: ['M12 3a9 9 0 1 0 0 18 9 9 0 0 0 0-18z', 'M5.8 5.8l12.4 12.4'],
  reserved: ['M7 3.5h10v17l-5-4-5 4z'],
  unknown: ['M9 9a3 3 0 1 1 4.3 2.7c-.9.5-1.3 1-1.3 2.3M12 17.5v.1', 'M12 3a9 9 0 1 0 0 18 9 9 0 0 0 0-18z'],
  link: [
    'M10 14a4 4 0 0 0 5.7 0l3-3A4 4 0 0 0 13 5.3l-1.2 1.2',
    'M14 10a4 4 0 0 0-5.7 0l-3 3a4 4 0 0 0 5.7 5.7l1.2-1.2',
  ],
  unlink: ['M13 5.3l-.8.8M16.8 13l1.9-2A4 4 0 0 0 13 5.3M11 18.7l.8-.8M7.2 11l-1.9 2a4 4 0 0 0 5.7 5.7', 'M4 4l16 16'],
  review: ['M12 3a9 9 0 1 0 0 18 9 9 0 0 0 0-18z', 'M9.5 9.3a2.6 2.6 0 1 1 3.7 2.4c-.8.4-1.2.9-1.2 1.9M12 16.8v.1'],
  check: ['M4.5 12.5 10 18 19.5 7'],
  cross: ['M6 6l12 12M18 6 6 18'],
  undo: ['M8 5 4 9l4 4', 'M4 9h9.5a5.5 5.5 0 0 1 0 11H9'],
  waiting: ['M12 3v4M12 17v4M3 12h4M17 12h4M5.6 5.6l2.8 2.8M15.6 15.6l2.8 2.8M5.6 18.4l2.8-2.8M15.6 8.4l2.8-2.8'],
  restart: ['M19.5 12a7.5 7.5 0 1 1-2.2-5.3L20 9.4M20 4.5v4.9h-4.9'],
  edit: ['M4 20h4L19.5 8.5l-4-4L4 16z'],
  exit: ['M14 4H6v16h8M11 12h10M17.5 8.5 21 12l-3.5 3.5'],
  money: ['M3 6.5h18v11H3z', 'M12 9.5a2.5 2.5 0 1 0 0 5 2.5 2.5 0 0 0 0-5z'],
  bill: ['M6 3h12v18l-3-2-3 2-3-2-3 2z', 'M9 8h6M9 12h6'],
  command: ['M5 7l5 5-5 5M12 18h7'],
  connection: ['M5 5h6v6H5zM13 13h6v6h-6z', 'M11 8h5v5'],
  station: ['M6 21V5a2 2 0 0 1 2-2h6a2 2 0 0 1 2 2v16M4 21h14M16 9l3 2.5V17a1.5 1.5 0 0 0 3 0', 'M12 7l-2.5 4H12l-1 4'],
  download: ['M12 4v11M7.5 11 12 15.5 16.5 11M5 20h14'],
  search: ['M10.5 4a6.5 6.5 0 1 0 0 13 6.5 6.5 0 0 0 0-13z', 'M15.5 15.5 20 20'],
  sun: [
    'M12 8a4 4 0 1 0 0 8 4 4 0 0 0 0-8z',
    'M12 2.5v2M12 19.5v2M2.5 12h2M19.5 12h2M5.3 5.3l1.4 1.4M17.3 17.3l1.4 1.4M5.3 18.7l1.4-1.4M17.3 6.7l1.4-1.4',
  ],
  moon: ['M20 14.5A8.5 8.5 0 0 1 9.5 4 8.5 8.5 0 1 0 20 14.5z'],
  device: ['M4 5h16v11H4zM8 20h8M12 16v4'],
  leave: ['M10 4H5v16h5M9 12h11M16.5 8.5 20 12l-3.5 3.5'],
  accessible: ['M11 4.6v.1M11 8v5h4.5l2 5M11 10.5h4M8.2 11.5a4.8 4.8 0 1 0 5.6 6.5'],
  person: ['M12 4a3.5 3.5 0 1 0 0 7 3.5 3.5 0 0 0 0-7z', 'M5 20c.6-4 3.3-6 7-6s6.4 2 7 6'],
  camera: ['M4 7h11v10H4zM15 11l5-3v8l-5-3'],
  up: ['M6 14.5 12 8.5l6 6'],
  down: ['M6 9.5l6 6 6-6'],
  stop: ['M6.5 6.5h11v11h-11z'],
  play: ['M7.5 5v14L19 12z'],
  unlock: ['M6 11h12v9H6zM9 11V8a3.5 3.5 0 0 1 6.8-1.2'],
}

export function icon(name, extra = '') {
  return h(
    'svg',
    { class: `icon icon-${name} ${extra}`.trim(), viewBox: '0 0 24 24', 'aria-hidden': 'true', focusable: 'false' },
    (paths[name] ?? paths.unknown).map((d) => h('path', { d })),
  )
}

export function mark() {
  return h(
    'svg',
    { class: 'mark', viewBox: '0 0 32 32', 'aria-hidden': 'true', focusable: 'false' },
    h('rect', { class: 'mark-ground', width: 32, height: 32, rx: 7 }),
    h('path', { class: 'mark-bay', d: 'M8 26V7h16v19' }),
    h('path', { class: 'mark-bolt', d: 'M17.6 10 12 18h3.6l-1.2 7 6-9h-3.8z' }),
  )
}
