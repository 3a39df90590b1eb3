// The sections of the page, in their order on it: one module and one line each.
import alerts from './alerts.js';
import retry from './retry.js';
import timeline from './timeline.js';
import explore from './explore.js';
import daemon from './daemon.js';
import system from './system.js';

export default [system, alerts, retry, timeline, explore, daemon];
