"""What users do by mistake or by malice: each case ends in one line, and leaves nothing behind."""
