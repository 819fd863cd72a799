import { keptRunning } from './suite/kept-running.ts';

keptRunning('7.0');
