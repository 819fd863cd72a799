import { reportsOn } from './suite/reports.ts';

reportsOn('7.0');
