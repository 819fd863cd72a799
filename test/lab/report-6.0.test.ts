import { reportsOn } from './suite/reports.ts';

reportsOn('6.0');
