import { faultsOn } from '../suite/faults.ts';

faultsOn('6.0');
