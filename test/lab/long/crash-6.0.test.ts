import { cutShortOn } from '../suite/cut-short.ts';

cutShortOn('6.0');
