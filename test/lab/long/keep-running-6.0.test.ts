import { keptRunning } from '../suite/kept-running.ts';

keptRunning('6.0');
