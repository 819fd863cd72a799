import { restartsOn } from '../suite/faults.ts';

restartsOn('6.0');
