import { cutShortOn } from './suite/cut-short.ts';

cutShortOn('7.0');
