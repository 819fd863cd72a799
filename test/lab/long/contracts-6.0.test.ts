import { contractsOn } from '../suite/contracts.ts';

contractsOn('6.0');
