// Runs a sample of docs/migrate-from-100ms.md, which the test has `the-sample` stand for, and renders its `App`, if any.

import * as sample from 'the-sample';
import { StrictMode } from 'react';
import { createRoot } from 'react-dom/client';

const { App } = { ...sample };
if (App) createRoot(document.querySelector('#root')).render(<StrictMode><App /></StrictMode>);
