"""What is new in PubMed since the last look: saved searches, and who asks for them."""
