"""The report on the press of a month (giao ban báo chí): counted once, shown as a page, in Word and in Excel."""
